package inputs

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const saveAs = "save it as CSV UTF-8"

// decode returns the text of a file in UTF-8, with or without a byte-order mark, or UTF-16 with one.
// Other encodings are not guessed: in them a name would silently become another. The error, if any,
// lacks its File.
func decode(data []byte) (string, *Error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decode16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decode16(data[2:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "", &Error{What: "a workbook under the name of a CSV file", Remedy: "name it .xlsx and give its path, or save each sheet as CSV UTF-8"}
	}
	text := string(data)
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", &Error{Line: lineAt(text, i), What: "not text: a zero byte", Remedy: saveAs}
	}
	if !utf8.ValidString(text) {
		i := 0
		for i < len(text) {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			i += size
		}
		return "", &Error{Line: lineAt(text, i), What: "not UTF-8 text", Found: text[i : i+1], Remedy: saveAs}
	}
	return text, nil
}

func decode16(data []byte, order binary.ByteOrder) (string, *Error) {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text := string(utf16.Decode(units))
	if len(data)%2 == 1 {
		return "", &Error{Line: lineAt(text, len(text)), What: "UTF-16 text cut in the middle of a character", Remedy: saveAs}
	}
	if i := strings.IndexAny(text, "\x00\ufffd"); i >= 0 {
		return "", &Error{Line: lineAt(text, i), What: "not UTF-16 text", Remedy: saveAs}
	}
	return text, nil
}

// lineAt returns the line, from 1, of the byte at offset.
func lineAt(text string, offset int) int {
	return 1 + newlines(text[:offset])
}

// newlines counts the line ends LF, CRLF and CR.
func newlines(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}
