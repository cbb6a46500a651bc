package inputs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNumber(t *testing.T) {
	inf := math.Inf(1)
	for cell, want := range map[string]float64{
		"0": 0, "-0": 0, "7": 7, "007": 7, "-7": -7, "+7": 7, "4.20": 4.2, ".5": 0.5, "5.": 5, "-.5": -0.5,
		"1,234.5": 1234.5, "1,234": 1234, "12,345,678": 12345678, "1,234,567.89": 1234567.89,
		"$4.20": 4.2, "$ 4.20": 4.2, "-$4.20": -4.2, "$-4.20": -4.2, "4.20 €": 4.2, "€1,000": 1000, "($4.20)": -4.2, "(€ 1,234.50)": -1234.5, "¥5": 5,
		"12%": 0.12, "12 %": 0.12, "33.3%": 0.333, "100%": 1, "-5%": -0.05, "(5%)": -0.05, "1,000%": 10, "0.1%": 0.001,
		"(3)": -3, "( 3 )": -3, "−3": -3, "- 3": -3, "(0)": 0,
		"1e6": 1e6, "1E+06": 1e6, "1.5e-3": 0.0015, "-2E2": -200,
		"inf": inf, "Inf": inf, "INFINITY": inf, "+inf": inf, "-inf": -inf, "∞": inf, "(inf)": -inf,
		"1 234.5": 1234.5, "1\u00a0234.5": 1234.5, "1\u2009234\u2009567": 1234567, "1\u202f234": 1234, "1\u2007234": 1234,
		" 5 ": 5, "\u00a05\u00a0": 5, "0.1": 0.1, "123456789012345678": 123456789012345678, "0.30000000000000004": 0.30000000000000004,
		"1e-999": 0,
	} {
		if got, wrong, _ := parseNumber(cell, false); wrong != "" || got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("%q is %v, %s, want %v", cell, got, wrong, want)
		}
	}
	for cell, want := range map[string]float64{
		"1,5": 1.5, "1.234,5": 1234.5, "1.234": 1234, "1.234.567": 1234567, "0,125": 0.125, ",5": 0.5, "4,20 €": 4.2, "12,5%": 0.125,
		"(3,5)": -3.5, "1,5e3": 1500, "1 234,5": 1234.5, "1\u202f234,5": 1234.5, "5": 5, "inf": inf, "1e6": 1e6,
	} {
		if got, wrong, _ := parseNumber(cell, true); wrong != "" || got != want {
			t.Errorf("%q with a decimal comma is %v, %s, want %v", cell, got, wrong, want)
		}
	}
	never := []string{
		"", " ", "x", "NaN", "nan", "#N/A", "-", "+", "$", "%", "()", "(", "(3", "3)", ".", "e5", "1e", "1e+", "1e+-5", "1e5.5",
		"0x1p3", "0b1", "1_000", "--3", "+-3", "(-3)", "-(3)", "3-", "$$3", "$3$", "$3%", "3%%", "1 2", "1  234", "1,234 567", "12 34", "1.2.3", "1e999", "-1e999",
		"inf%", "5 kg", "USD 5", "1/2", "1:30", "2026-01-05", "½", "٣", "1'234", "12,34,567", "1,2345", ",123", "1,,234", "01,234", "0,125",
	}
	for _, cell := range never {
		if got, wrong, remedy := parseNumber(cell, false); wrong == "" || remedy == "" || got != 0 {
			t.Errorf("%q is read as %v", cell, got)
		}
	}
	for _, cell := range []string{"1.5", "0.125", "1,234.5", "1.2345", "1,234,5", "4.20", "NaN", "1.234.56"} {
		if got, wrong, _ := parseNumber(cell, true); wrong == "" {
			t.Errorf("%q with a decimal comma is read as %v", cell, got)
		}
	}
}

// group puts a separator between groups of three digits.
func group(digits, separator string) string {
	if n := len(digits) - 3; n > 0 {
		return group(digits[:n], separator) + separator + digits[n:]
	}
	return digits
}

// A number reads the same however a person writes it.
func TestNumberStyles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := strconv.FormatUint(rapid.Uint64Range(0, 1e15).Draw(t, "whole"), 10)
		decimals := rapid.StringMatching(`[0-9]{0,6}`).Draw(t, "decimals")
		comma := rapid.Bool().Draw(t, "decimal comma")
		point, groups := ".", []string{"", ",", " ", "\u00a0", "\u2009", "\u202f"}
		if comma {
			point, groups = ",", []string{"", ".", " ", "\u00a0", "\u2009", "\u202f"}
		}
		cell := group(whole, rapid.SampledFrom(groups).Draw(t, "group"))
		plain := whole
		if decimals != "" {
			cell += point + decimals
			plain += "." + decimals
		}
		exponent := ""
		switch rapid.SampledFrom([]string{"plain", "currency", "currency after", "percent"}).Draw(t, "style") {
		case "currency":
			cell = "$" + cell
		case "currency after":
			cell += " €"
		case "percent":
			cell += "%"
			exponent = "e-2"
		}
		want, err := strconv.ParseFloat(plain+exponent, 64)
		if err != nil {
			t.Fatal(err)
		}
		switch rapid.SampledFrom([]string{"", "-", "−", "()", "+"}).Draw(t, "sign") {
		case "-":
			cell, want = "-"+cell, -want
		case "−":
			cell, want = "−"+cell, -want
		case "()":
			cell, want = "("+cell+")", -want
		case "+":
			cell = "+" + cell
		}
		if got, wrong, _ := parseNumber(cell, comma); wrong != "" || got != want {
			t.Fatalf("%q is %v, %s, want %v", cell, got, wrong, want)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, cell := range []string{"1,234.5", "$4.20", "12%", "(3)", "1e6", "inf", "NaN", "1.234,5", "−1", "€ 1\u202f000", "0x1"} {
		f.Add(cell, false)
		f.Add(cell, true)
	}
	f.Fuzz(func(t *testing.T, cell string, comma bool) {
		v, wrong, remedy := parseNumber(cell, comma)
		if math.IsNaN(v) || (wrong == "") != (remedy == "") {
			t.Fatalf("%q: %v, %q, %q", cell, v, wrong, remedy)
		}
		if wrong != "" {
			return
		}
		if again, wrong, _ := parseNumber(formatNumber(v), false); !math.IsInf(v, -1) && (wrong != "" || again != v) {
			t.Errorf("%q is %v, written %s and read again %v", cell, v, formatNumber(v), again)
		}
		// What is a plain decimal to everyone has the one value, and the fast path finds it too.
		if onlyDigits(strings.Replace(strings.TrimPrefix(cell, "-"), ".", "", 1)) && !comma {
			want, err := strconv.ParseFloat(cell, 64)
			if err != nil || v != want {
				t.Errorf("%q is %v, want %v, %v", cell, v, want, err)
			}
		}
	})
}

func TestPlainNumber(t *testing.T) {
	for cell, want := range map[string]string{"1": "1", "0": "0", "0.50": "0.5", "1,200": "1200", "12%": "0.12", "-3.0": "-3", "$5": "5"} {
		if v, ok := plainNumber(cell, false); !ok || formatNumber(v) != want {
			t.Errorf("%q is %v, %v, want %s", cell, v, ok, want)
		}
	}
	for _, code := range []string{"01001", "-01", "00", "1234567890123456", "inf", "x", "", "2026-01-05"} {
		if v, ok := plainNumber(code, false); ok {
			t.Errorf("the code %q is the number %v", code, v)
		}
	}
}

func ExampleMarkdown() {
	text := Markdown()
	fmt.Println(text[strings.Index(text, "### `access.csv`"):strings.Index(text, "### `types.csv`")])
	// Output:
	// ### `access.csv`
	//
	// What it costs the bidder to bring a package to the lot; without a row, the bidder's `access_cost`. Rows are told apart by `bidder`, `lot`.
	//
	// | column | holds | blank | meaning | example |
	// |---|---|---|---|---|
	// | `bidder` | name | required | the bidder | `Alpha` |
	// | `lot` | name | required | the lot | `01001_next` |
	// | `unit_cost` | money a package | required | what bringing a package there costs | `0.55` |
}
