package verify

import (
	"strings"
	"testing"
)

func TestCorrectRunsPass(t *testing.T) {
	for _, f := range fixtures() {
		t.Run(f.name, func(t *testing.T) {
			report := Check(f.c, f.r, f.o)
			for _, finding := range report.Findings {
				t.Errorf("%s", finding)
			}
			if len(report.Checked) == 0 {
				t.Error("nothing was checked")
			}
			for _, line := range report.Checked {
				if strings.Contains(line, "not recomputed") {
					t.Errorf("a case this small must be recomputed whole: %s", line)
				}
			}
			t.Log(strings.Join(report.Checked, "\n"))
		})
	}
}
