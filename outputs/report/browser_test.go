package report_test

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lotwise/outputs/report"
)

// patience is how long a browser may take for one answer, on a busy machine.
const patience = 90 * time.Second

// A browser is one tab of a headless Chromium, driven by its DevTools protocol over a pipe.
type browser struct {
	t       *testing.T
	to      *os.File
	answers chan answer
	session string
	id      int
	events  []answer
}

// An answer is what the browser says: the result of a call, or an event.
type answer struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// open starts a browser. Without one the test is skipped, or fails where LOTWISE_BROWSER is required.
func open(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		const missing = "no Chromium on this machine (Debian: apt-get install chromium)"
		if os.Getenv("LOTWISE_BROWSER") == "required" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Our own page needs no sandbox, and root has none.
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--window-size=1200,900", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{in, out} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	b := &browser{t: t, to: to, answers: make(chan answer, 1000)}
	go func() {
		defer close(b.answers)
		r := bufio.NewReader(from)
		for {
			message, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var a answer
			if json.Unmarshal(message[:len(message)-1], &a) == nil {
				b.answers <- a
			}
		}
	}()
	t.Cleanup(func() {
		fmt.Fprintf(to, `{"id":0,"method":"Browser.close"}%c`, 0)
		kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		kill.Stop()
		to.Close()
		from.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Runtime", "Log", "Network", "Page", "Accessibility"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call calls a method and decodes its result.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.id++
	message, err := json.Marshal(map[string]any{"id": b.id, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		message, err = json.Marshal(map[string]any{"id": b.id, "method": method, "params": params})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(message, 0)); err != nil {
		b.t.Fatal(err)
	}
	a := b.wait(func(a answer) bool { return a.ID == b.id })
	if a.Error != nil {
		b.t.Fatalf("%s: %s", method, a.Error)
	}
	if result != nil {
		if err := json.Unmarshal(a.Result, result); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
	}
}

// wait returns the next answer that is wanted, and keeps the events on the way.
func (b *browser) wait(wanted func(answer) bool) answer {
	b.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case a, ok := <-b.answers:
			if !ok {
				b.t.Fatal("the browser is gone")
			}
			if a.Method != "" {
				b.events = append(b.events, a)
			}
			if wanted(a) {
				return a
			}
		case <-timeout:
			b.t.Fatal("the browser does not answer")
		}
	}
}

// eval evaluates JavaScript in the page and decodes its value.
func (b *browser) eval(script string, value any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", script, r.ExceptionDetails)
	}
	if value != nil {
		if err := json.Unmarshal(r.Result.Value, value); err != nil {
			b.t.Fatalf("%s: %v", script, err)
		}
	}
}

// click clicks into the middle of an element, which it scrolls to, with the mouse.
func (b *browser) click(selector string) {
	b.t.Helper()
	var at struct {
		X, Y float64
		Hit  bool
	}
	b.eval(fmt.Sprintf(`(() => { document.documentElement.style.scrollBehavior = 'auto';
		const e = document.querySelector(%q); e.scrollIntoView({block: 'center', inline: 'center'});
		const r = e.getBoundingClientRect(), x = r.left + Math.min(r.width / 2, 200), y = r.top + Math.min(r.height / 2, 12);
		const hit = document.elementFromPoint(x, y); return {x, y, hit: !!hit && (e.contains(hit) || hit.contains(e))}; })()`, selector), &at)
	if !at.Hit {
		b.t.Fatalf("%s cannot be clicked: something lies over it", selector)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// show opens a page from the file system.
func (b *browser) show(path string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": (&url.URL{Scheme: "file", Path: path}).String()}, nil)
	b.wait(func(a answer) bool { return a.Method == "Page.loadEventFired" })
}

// column returns what the visible rows of a table show in a column, exact where it stands beside.
func (b *browser) column(table string, at int) (cells []string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`[...document.querySelectorAll('#%s tbody tr')].filter(r => !r.hidden).map(r => r.cells[%d].dataset.v || r.cells[%d].textContent.trim().replaceAll(',', ''))`, table, at, at), &cells)
	return cells
}

// A person opens the page: sorts and filters with mouse and keyboard, changes the theme, prints. Nothing goes wrong, nothing is
// asked of the network, and assistive technology is told what is there.
func TestBrowser(t *testing.T) {
	dir, r, m := written(t, "solve", 60, 11)
	path := filepath.Join(dir, "report.html")
	if err := os.WriteFile(path, []byte(render(t, report.Run("run", r, m, place(r)))), 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t)
	b.show(path)

	// Sorting: by numbers, the largest first, then the smallest; blank cells stay last; by names.
	b.click("#table-payments thead th:nth-child(2) button") // open at first: payments, of bidders
	want := readCSV(t, filepath.Join(dir, "payments.csv"))[1:]
	amounts := func(sign int) (list []string) {
		slices.SortStableFunc(want, func(x, y []string) int {
			if (x[1] == "") != (y[1] == "") {
				return len(y[1]) - len(x[1])
			}
			u, _ := strconv.ParseFloat(x[1], 64)
			v, _ := strconv.ParseFloat(y[1], 64)
			return sign * cmp.Compare(u, v)
		})
		for _, row := range want {
			list = append(list, row[1])
		}
		return list
	}
	if got, want := b.column("table-payments", 1), amounts(-1); !slices.Equal(got, want) {
		t.Errorf("sorted by bid_amount, the largest first:\n%q\nwant\n%q", got, want)
	}
	b.click("#table-payments thead th:nth-child(2) button")
	if got, want := b.column("table-payments", 1), amounts(1); !slices.Equal(got, want) {
		t.Errorf("sorted by bid_amount, the smallest first:\n%q\nwant\n%q", got, want)
	}
	var sorted []string
	b.eval(`[...document.querySelectorAll('#table-payments thead th')].map(h => h.getAttribute('aria-sort'))`, &sorted)
	if sorted[0] != "none" || sorted[1] != "ascending" {
		t.Errorf("aria-sort is %q", sorted)
	}

	// A folded table is unfolded by its summary; the filter takes words in any column.
	b.click("#table-lot_results summary")
	b.click("#table-lot_results input")
	b.call("Input.insertText", map[string]any{"text": "lot 0001"}, nil)
	if got := b.column("table-lot_results", 0); len(got) != 11 || got[0] != "lot 00001" || got[10] != "lot 00019" {
		t.Errorf("filtered by lot 0001: %q", got)
	}
	var count string
	b.eval(`document.querySelector('#table-lot_results output').textContent`, &count)
	if count != "11 of 60 rows" {
		t.Errorf("the filter says %q", count)
	}
	b.click("#table-lot_results thead th:first-child button")
	b.click("#table-lot_results thead th:first-child button")
	if got := b.column("table-lot_results", 0); len(got) != 11 || got[0] != "lot 00019" {
		t.Errorf("filtered, then sorted down by name: %q", got)
	}

	// A link to the numbers of a picture unfolds their table.
	b.click(`figcaption a[href="#table-allocation"]`)
	var unfolded bool
	b.eval(`new Promise(done => setTimeout(() => done(document.getElementById('table-allocation').open), 200))`, &unfolded)
	if !unfolded {
		t.Error("the link to the numbers does not unfold them")
	}

	// Light and dark: the system's, then the button's.
	ground := func() (color string) {
		b.eval(`getComputedStyle(document.body).backgroundColor`, &color)
		return color
	}
	const light, dark = "rgb(255, 255, 255)", "rgb(20, 24, 29)"
	theme := func(media, scheme string) {
		b.call("Emulation.setEmulatedMedia", map[string]any{"media": media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	}
	theme("", "light")
	if got := ground(); got != light {
		t.Errorf("light: the ground is %s", got)
	}
	theme("", "dark")
	if got := ground(); got != dark {
		t.Errorf("dark: the ground is %s", got)
	}
	b.click("#theme")
	if got := ground(); got != light {
		t.Errorf("dark, but light asked for: the ground is %s", got)
	}
	b.click("#theme")
	theme("print", "dark")
	if got := ground(); got != light {
		t.Errorf("on paper the ground is %s", got)
	}
	theme("", "light")

	// On a telephone nothing but tables, in their own frames, is wider than the screen.
	for _, width := range []int{1200, 390} {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false}, nil)
		var wide int
		b.eval(`document.documentElement.scrollWidth`, &wide)
		if wide > width {
			t.Errorf("on a screen of %d the page is %d wide", width, wide)
		}
	}

	var pdf struct{ Data string }
	b.call("Page.printToPDF", nil, &pdf)
	if data, err := base64.StdEncoding.DecodeString(pdf.Data); err != nil || !strings.HasPrefix(string(data), "%PDF") {
		t.Errorf("printing gives no PDF: %v", err)
	}

	// What a screen reader is told.
	var tree struct {
		Nodes []struct {
			Ignored bool
			Role    struct{ Value string }
			Name    struct{ Value string }
		}
	}
	b.call("Accessibility.getFullAXTree", nil, &tree)
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		roles[n.Role.Value]++
		if named := []string{"image", "img", "table", "button", "link", "searchbox", "region"}; slices.Contains(named, n.Role.Value) && n.Name.Value == "" {
			t.Errorf("a %s has no name", n.Role.Value)
		}
	}
	for role, least := range map[string]int{"banner": 1, "navigation": 1, "main": 1, "contentinfo": 1, "table": 3, "columnheader": 10, "rowheader": 10, "searchbox": 1} {
		if roles[role] < least {
			t.Errorf("a screen reader finds %d of %s; all: %v", roles[role], role, roles)
		}
	}

	for _, e := range b.events {
		switch e.Method {
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
			t.Errorf("the console says %s", e.Params)
		case "Network.requestWillBeSent":
			var p struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &p); err != nil || !strings.HasPrefix(p.Request.URL, "data:") && !strings.HasPrefix(p.Request.URL, "file://"+path) {
				t.Errorf("the page asks for %s", p.Request.URL)
			}
		}
	}
}
