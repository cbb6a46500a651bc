package inputs

import "strings"

// maxEdits is how many edits a word of a length may be away from what was meant: a longer word has room
// for more slips before it is another word.
func maxEdits(length int) int {
	switch {
	case length < 3:
		return 0
	case length < 8:
		return 1
	default:
		return 2
	}
}

// nearest returns the candidate that a misspelt word most likely meant, the first of equals, whatever
// the case of its letters and the leading zeros that a spreadsheet took; blank where none is near.
func nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	best, bestEdits := "", maxEdits(len(word))+1
	for _, c := range candidates {
		d := edits(word, strings.ToLower(c), bestEdits)
		if strings.TrimLeft(word, "0") == strings.TrimLeft(c, "0") && strings.Trim(word, "0") != "" {
			d = 0
		}
		if d < bestEdits {
			best, bestEdits = c, d
		}
	}
	return best
}

// edits returns the optimal string alignment distance of two words: the least number of letters
// inserted, deleted, replaced or swapped with their neighbour; some number of at least most where it is
// at least most.
func edits(a, b string, most int) int {
	if d := len(a) - len(b); d >= most || -d >= most {
		return most
	}
	rows := [3][]int{}
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, twoAbove := rows[i%3], rows[(i+2)%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := above[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], twoAbove[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
