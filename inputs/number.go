package inputs

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// exactDigits is how many decimal digits every float64 mantissa holds exactly.
const exactDigits = 15

// powers of ten that a float64 holds exactly.
var powers = [exactDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseNumber reads a number as people write it: 1,234.5 or $4.20 or 12% or (3) or 1e6 or inf; with
// decimalComma, 1.234,5. wrong says what is wrong with it and remedy what would do; both are blank for
// a number. A number is never NaN.
func parseNumber(cell string, decimalComma bool) (value float64, wrong, remedy string) {
	point := byte('.')
	if decimalComma {
		point = ','
	}
	if v, ok := parsePlain(cell, point); ok {
		return v, "", ""
	}
	s := strings.TrimSpace(cell)
	negative, percent, currency := false, false, false
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		negative = true
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if rest, ok := strings.CutSuffix(s, "%"); ok {
		percent = true
		s = strings.TrimSpace(rest)
	}
	for signed := negative; s != ""; {
		r, size := utf8.DecodeRuneInString(s)
		if !currency && unicode.Is(unicode.Sc, r) {
			currency = true
		} else if !signed && (r == '-' || r == '+' || r == '\u2212') {
			signed, negative = true, r != '+'
		} else {
			break
		}
		s = strings.TrimSpace(s[size:])
	}
	if r, size := utf8.DecodeLastRuneInString(s); !currency && unicode.Is(unicode.Sc, r) {
		currency = true
		s = strings.TrimSpace(s[:len(s)-size])
	}
	if currency && percent {
		return 0, notNumber, "write an amount of money or a percentage"
	}
	switch strings.ToLower(s) {
	case "inf", "infinity", "∞":
		if percent {
			return 0, notNumber, "write inf"
		}
		return signedValue(math.Inf(1), negative), "", ""
	case "nan", "#n/a", "n/a", "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!":
		return 0, "not a number", "write a number, or leave the cell blank where a blank is allowed"
	}
	digits, remedy := plainDigits(s, point)
	if remedy != "" {
		return 0, notNumber, remedy
	}
	if percent {
		if strings.ContainsAny(digits, "eE") {
			return 0, notNumber, "write 12% or 0.12"
		}
		digits += "e-2" // not a division, so that 33.3% and 0.333 are the same float
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, "a number too large", "write a smaller one"
	}
	return signedValue(v, negative), "", ""
}

const notNumber = "not a number"

func signedValue(v float64, negative bool) float64 {
	if negative && v != 0 { // minus zero would be told apart from zero in outputs
		return -v
	}
	return v
}

// parsePlain reads digits with at most one decimal point, nearly every cell there is. The quotient of
// two numbers that a float64 holds exactly is the float nearest to the decimal number.
func parsePlain(s string, point byte) (float64, bool) {
	negative := false
	i := 0
	if len(s) > 0 && s[0] == '-' {
		negative, i = true, 1
	}
	if len(s) == i || len(s) > exactDigits+i {
		return 0, false
	}
	mantissa, decimals, digits := int64(0), -1, 0
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + int64(c-'0')
			digits++
			if decimals >= 0 {
				decimals++
			}
		case c == point && decimals < 0:
			decimals = 0
		default:
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	v := float64(mantissa)
	if decimals > 0 {
		v /= powers[decimals]
	}
	return signedValue(v, negative), true
}

// plainDigits takes a mantissa with groups of thousands, decimals and exponent to what
// strconv.ParseFloat reads; the remedy is not blank where it is none. Groups are of three digits and
// the first does not begin with zero: 0,125 and 1,5 are decimals of another country, not thousands.
func plainDigits(s string, point byte) (digits, remedy string) {
	group := byte(',')
	remedy = "write a number such as 1234.5"
	if point == ',' {
		group = '.'
		remedy = "write a number such as 1234,5"
	}
	if strings.IndexByte(s, group) >= 0 {
		if point == '.' {
			remedy += " (the comma only groups three digits)"
		} else {
			remedy += " (the point only groups three digits in a table with semicolons)"
		}
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
		e := strings.TrimLeft(exponent, "+-")
		if len(exponent)-len(e) > 1 || !onlyDigits(e) {
			return "", remedy
		}
	}
	whole, decimals, _ := strings.Cut(mantissa, string(point))
	if decimals != "" && !onlyDigits(decimals) || whole == "" && decimals == "" {
		return "", remedy
	}
	if whole != "" && !onlyDigits(whole) {
		separator := ""
		for _, r := range whole {
			if r < '0' || r > '9' {
				separator = string(r)
				break
			}
		}
		if !isGroup(separator, group) {
			return "", remedy
		}
		groups := strings.Split(whole, separator)
		for i, g := range groups {
			if !onlyDigits(g) || i > 0 && len(g) != 3 || i == 0 && (len(g) > 3 || g[0] == '0') {
				return "", remedy
			}
		}
		whole = strings.Join(groups, "")
	}
	digits = whole + "." + decimals
	if exponent != "" {
		digits += "e" + exponent
	}
	return digits, ""
}

// isGroup says whether the character separates thousands: the comma (the point where the comma is
// decimal) and the spaces that people and spreadsheets write there.
func isGroup(s string, group byte) bool {
	switch s {
	case string(group), " ", "\u00a0", "\u2007", "\u2009", "\u202f":
		return true
	}
	return false
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// formatNumber writes a number as the shortest plain decimal that reads back as the same float.
func formatNumber(v float64) string {
	if math.IsInf(v, 1) {
		return "inf"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// plainNumber returns the number of an attribute's cell; ok is false for a code that only looks like
// one: with a leading zero, or with more digits than a float64 holds.
func plainNumber(cell string, decimalComma bool) (v float64, ok bool) {
	v, wrong, _ := parseNumber(cell, decimalComma)
	if wrong != "" || math.IsInf(v, 0) {
		return 0, false
	}
	digits, leading := 0, strings.TrimLeft(cell, "+-")
	for i := 0; i < len(cell); i++ {
		if cell[i] >= '0' && cell[i] <= '9' {
			digits++
		}
	}
	if len(leading) > 1 && leading[0] == '0' && leading[1] >= '0' && leading[1] <= '9' {
		return 0, false
	}
	return v, digits <= exactDigits
}
