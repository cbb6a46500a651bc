package auction

import (
	"reflect"
	"testing"
)

func TestParseFilter(t *testing.T) {
	for where, want := range map[string]Filter{
		"":                      nil,
		"  ":                    nil,
		"zone=010":              {{"zone", "=", []string{"010"}}},
		" class = small|large ": {{"class", "=", []string{"small", "large"}}},
		"rural!=1;capacity>=5":  {{"rural", "!=", []string{"1"}}, {"capacity", ">=", []string{"5"}}},
		"a<1; b <= 2 ;c>-3":     {{"a", "<", []string{"1"}}, {"b", "<=", []string{"2"}}, {"c", ">", []string{"-3"}}},
		"name=Beta & Söhne":     {{"name", "=", []string{"Beta & Söhne"}}},
	} {
		got, err := ParseFilter(where)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, %v", where, got, err)
		}
		again, err := ParseFilter(got.String())
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q is written %q and read again %v, %v", where, got, again, err)
		}
	}
	for _, where := range []string{"zone", "=010", "zone=", "zone=a;", ";zone=a", "zone=a;;b=c", "zone==a", "zone!a", "zone=a||b", "rural<1|2", "a=<1", "a<>b"} {
		if f, err := ParseFilter(where); err == nil {
			t.Errorf("%q is read as %v", where, f)
		}
	}
}
