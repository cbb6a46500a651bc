package inputs

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// A record is a row and where it begins.
type record struct {
	line  int
	cells []string
}

func scanAll(text string, delimiter byte) (records []record, reports int) {
	s := newScanner(text, delimiter)
	s.report = func(int, int, string, string, string) { reports++ }
	for {
		cells, line, ok := s.next()
		if !ok {
			return records, reports
		}
		records = append(records, record{line, append([]string(nil), cells...)})
	}
}

func TestScan(t *testing.T) {
	text := "a,b\r\n\"x\n\"\"y\"\"\",2\r,\"\"\n\n1,2,3\r\n\"last"
	got, reports := scanAll(text, ',')
	want := []record{
		{1, []string{"a", "b"}}, {2, []string{"x\n\"y\"", "2"}}, {4, []string{"", ""}}, {5, []string{""}}, {6, []string{"1", "2", "3"}},
	}
	if !reflect.DeepEqual(got, want) || reports != 1 {
		t.Errorf("%+q, %d reports", fmt.Sprint(got), reports)
	}
}

// The scanner agrees with encoding/csv: on the cells, on where rows begin, and on what is an error. The
// differences are the scanner's purpose: a carriage return alone ends a row, and quoted cells keep theirs.
func FuzzScan(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "a;b\r\n\"1\n2\";\"\"\"\"\r\n", "\"", "a\"b", "\"a\"b", ",,\n\n,\n", "\"a\"\"b\",c", "x\ty\n\"\t\"\t2"} {
		f.Add(text, byte(0))
		f.Add(text, byte(1))
	}
	f.Fuzz(func(t *testing.T, text string, choice byte) {
		if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
			return
		}
		delimiter := delimiters[int(choice)%len(delimiters)]
		oracle := csv.NewReader(strings.NewReader(text))
		oracle.Comma, oracle.FieldsPerRecord = rune(delimiter), -1
		var want []record
		for {
			cells, err := oracle.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				if _, reports := scanAll(text, delimiter); reports == 0 {
					t.Fatalf("%q: no report, encoding/csv has %v", text, err)
				}
				return
			}
			line, _ := oracle.FieldPos(0)
			want = append(want, record{line, cells})
		}
		scanned, reports := scanAll(text, delimiter)
		if reports > 0 {
			t.Fatalf("%q: reported, encoding/csv has no error", text)
		}
		var got []record
		for _, r := range scanned {
			if len(r.cells) == 1 && r.cells[0] == "" && isBlankLine(text, r.line) {
				continue // encoding/csv passes over empty lines
			}
			for i, c := range r.cells {
				r.cells[i] = strings.ReplaceAll(c, "\r\n", "\n")
			}
			got = append(got, r)
		}
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v, encoding/csv has %v", text, got, want)
		}
	})
}

func isBlankLine(text string, line int) bool {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return lines[line-1] == ""
}

func TestFindDelimiter(t *testing.T) {
	for header, want := range map[string]byte{
		"lot,zone,capacity\n":                   ',',
		"Lot;Zone;Capacity\n":                   ';',
		"lot\tzone\tcapacity\n":                 '\t',
		"\"lot\";\"zone\";\"capacity\"":         ';',
		"\n;;;\nlot;zone;capacity\n":            ';',
		"lot;zone;capacity;a,b;c,d;e,f;g,h\n":   ';', // known columns count before cells
		"lot,zone,capacity,\"a;b;c;d;e;f;g\"\n": ',',
		"lot\n":                                 ',',
		"":                                      ',',
		"these;are;no;columns":                  ';',
	} {
		if got := findDelimiter(header, Lookup("lots")); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for data, want := range map[string]string{
		"\xef\xbb\xbfa": "a", "a": "a", "": "", "\xef\xbb\xbf": "",
		"\xff\xfea\x00\xf6\x00\x3d\xd8\x00\xde": "aö😀", "\xfe\xff\x00a\x00\xf6": "aö",
	} {
		if got, wrong := decode([]byte(data)); wrong != nil || got != want {
			t.Errorf("%q is %q, %v", data, got, wrong)
		}
	}
	for data, line := range map[string]int{
		"a\nb\xf6": 2, "a\x00b\x00": 1, "\xff\xfea\x00\n\x00b": 2, "\xff\xfe\n\x00\x00\xd8a\x00": 2, "PK\x03\x04": 0, "\xff\xfe\x00\x00a\x00\x00\x00": 1,
	} {
		if got, wrong := decode([]byte(data)); wrong == nil || wrong.Line != line || wrong.Remedy == "" {
			t.Errorf("%q is %q, %v, want an error in line %d", data, got, wrong, line)
		}
	}
}

func TestNearest(t *testing.T) {
	columns := Lookup("bids").header()
	for word, want := range map[string]string{
		"quantiti": "quantity", "qantity": "quantity", "prices": "price", "pirce": "price", "min_fracton": "min_fraction",
		"bidders": "bidder", "BIDDER": "bidder", "colour": "", "id": "", "x": "", "volume": "",
	} {
		if got := nearest(word, columns); got != want {
			t.Errorf("%q means %q, want %q", word, got, want)
		}
	}
	if got := nearest("1001", []string{"01002", "01001"}); got != "01001" {
		t.Errorf("without its zero 01001 is %q", got)
	}
	for _, pair := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}, {"abc", "abc", 0}} {
		if got := edits(pair.a, pair.b, 9); got != pair.want {
			t.Errorf("%q to %q are %d edits, want %d", pair.a, pair.b, got, pair.want)
		}
	}
}
