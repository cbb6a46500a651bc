package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes of plots, in points.
const (
	plotWidth   = 640
	legendWidth = 150
	barHeight   = 13
	barPitch    = 20
	frame       = 56 // of axis, its label and the space around
	letters     = 26 // of a name in a legend, and beside a bar where there is one; longer ones are cut
	longLetters = 44 // beside a bar where there is no legend
)

// series are the colours of what a plot tells apart, on white. The page has variables of the same order, lighter on
// dark; all have a contrast of 3:1 to the ground at least.
var series = []color.RGBA{
	rgb(0x0b62b0), rgb(0xc2410c), rgb(0x0f766e), rgb(0x8b2fa0), rgb(0xa16207), rgb(0x4d7c0f), rgb(0xbe185d), rgb(0x475569),
}

// The other colours: of what is too small to have one of its own, of what nobody has, of lines in the background.
var (
	others = rgb(0x767d87)
	nobody = rgb(0xdfe3e8)
	grid   = rgb(0xd3d8de)
)

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255} //nolint:gosec // three bytes of a colour
}

// A plotted is a plot that was drawn: an SVG document.
type plotted []byte

// root is the opening tag that vgsvg writes, with what stands before it.
var root = regexp.MustCompile(`(?s)^.*?<svg [^>]*(viewBox="[^"]*")[^>]*>`)

// inline returns the plot as part of a page: its colours are the page's variables, its size the page's to choose.
func (p plotted) inline(label string) string {
	s := root.ReplaceAllString(string(p), `<svg $1 role="img" aria-label="`+strings.ReplaceAll(escape(label), "$", "$$")+`">`)
	names := []string{colorName(color.Black), "currentColor", colorName(others), "var(--others)", colorName(nobody), "var(--nobody)", colorName(grid), "var(--grid)"}
	for i, c := range series {
		names = append(names, colorName(c), fmt.Sprintf("var(--s%d)", i+1))
	}
	s = strings.NewReplacer(names...).Replace(s)
	// The font is the reader's; a text keeps the width that the plot has room for.
	s = textStyle.ReplaceAllStringFunc(s, func(text string) string {
		m := textStyle.FindStringSubmatch(text)
		size, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return text
		}
		face := font.DefaultCache.Lookup(sans(0), vg.Length(size))
		wide := face.Width(html.UnescapeString(m[4]))
		return fmt.Sprintf(`<text%s textLength="%.4g" lengthAdjust="spacingAndGlyphs" style="font-size:%spx%s>%s</text>`, m[1], wide.Points(), m[2], m[3], m[4])
	})
	return strings.NewReplacer("\n\t", " ", "\n", "").Replace(s)
}

// textStyle takes a text of vgsvg apart.
var textStyle = regexp.MustCompile(`<text([^>]*?)\s*style="font-family:[^;]*;(?:font-[a-z]*:[^;"]*;)*?font-size:([0-9.]+)px([^>]*)>([^<]*)</text>`)

// colorName is how vgsvg writes a colour.
func colorName(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}

// newPlot is a plot with the axes of this page.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(9)
		a.Tick.Label.Font = sans(9)
		a.Tick.Marker = ticks{}
		a.Width, a.Tick.Width = vg.Points(0.5), vg.Points(0.5)
	}
	return p
}

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// ticks are about five round numbers an axis.
type ticks struct{}

func (ticks) Ticks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/5)))
	for _, m := range []float64{1, 2, 5, 10} {
		if (high-low)/(m*step) <= 6 {
			step *= m
			break
		}
	}
	var list []plot.Tick
	for v := math.Ceil(low/step - 1e-9); v*step <= high+1e-9*step; v++ {
		list = append(list, plot.Tick{Value: v * step, Label: short(v * step)})
	}
	return list
}

// wholes are whole numbers among them.
type wholes struct{}

func (wholes) Ticks(low, high float64) []plot.Tick {
	return slices.DeleteFunc(ticks{}.Ticks(low, high), func(t plot.Tick) bool { return math.Abs(t.Value-math.Round(t.Value)) > 1e-9 })
}

// powers are powers of ten.
type powers struct{}

func (powers) Ticks(low, high float64) []plot.Tick {
	var list []plot.Tick
	from, to := math.Ceil(math.Log10(low)-1e-9), math.Floor(math.Log10(high)+1e-9)
	every := math.Max(1, math.Ceil((to-from)/7))
	for e := from; e <= to; e += every {
		list = append(list, plot.Tick{Value: math.Pow(10, e), Label: strings.TrimSuffix(fmt.Sprintf("%.4g", math.Pow(10, e)), ".0")})
	}
	return list
}

// short writes a number for an axis: 1.5m for a million and a half.
func short(v float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e12, "tn"}, {1e9, "bn"}, {1e6, "m"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.of*(1-1e-9) {
			return fmt.Sprintf("%.4g%s", v/unit.of, unit.name)
		}
	}
	if math.Abs(v) < 1e-12 {
		return "0"
	}
	return fmt.Sprintf("%.4g", v)
}

// cut shortens a name in its middle: names that begin alike often end differently.
func cut(s string, letters int) string {
	if r := []rune(s); len(r) > letters {
		return string(r[:letters/2-1]) + "…" + string(r[len(r)-letters/2:])
	}
	return s
}

// labels are the names of bars, from the bottom to the top; those that are the same when cut have their number before them.
func labels(categories []string, letters int) []string {
	times := map[string]int{}
	for _, c := range categories {
		times[cut(c, letters)]++
	}
	list := make([]string, 0, len(categories))
	for i, c := range slices.Backward(categories) {
		label := cut(c, letters)
		if times[label] > 1 {
			number := fmt.Sprintf("%d: ", i+1)
			label = number + cut(c, letters-len(number))
		}
		list = append(list, label)
	}
	return list
}

// A group is one series of bars or points.
type group struct {
	name   string
	color  color.RGBA
	values []float64 // of bars, by category
	points plotter.XYs
	sizes  []float64 // radii of points, in points; nil for all alike
}

// sort puts the large points of a group first.
func (g *group) sort() {
	if g.sizes == nil {
		return
	}
	order := make([]int, len(g.sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(g.sizes[b], g.sizes[a]) })
	points, sizes := make(plotter.XYs, len(order)), make([]float64, len(order))
	for i, k := range order {
		points[i], sizes[i] = g.points[k], g.sizes[k]
	}
	g.points, g.sizes = points, sizes
}

// swatch is its mark in the legend.
type swatch color.RGBA

func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(color.RGBA(s), []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}

// drawn draws a plot with the legend of its groups on the right.
func drawn(p *plot.Plot, height vg.Length, groups []group) (plotted, error) {
	canvas := vgsvg.New(plotWidth, height)
	whole := draw.New(canvas)
	left := whole
	if len(groups) > 1 {
		legend := plot.NewLegend()
		legend.TextStyle.Font = sans(9)
		legend.Top, legend.Left, legend.ThumbnailWidth, legend.Padding = true, true, 9, 4
		for _, g := range groups {
			legend.Add(cut(g.name, letters), swatch(g.color))
		}
		legend.Draw(draw.Crop(whole, plotWidth-legendWidth+10, 0, 0, -6))
		left = draw.Crop(whole, 0, -legendWidth, 0, 0)
	}
	p.Draw(draw.Crop(left, 4, -14, 2, -4))
	var b bytes.Buffer
	_, err := canvas.WriteTo(&b)
	return b.Bytes(), err
}

// bars draws horizontal stacked bars, a category a bar, the first on top.
func bars(unit string, categories []string, groups []group) (plotted, error) {
	p := newPlot(unit, "")
	n := len(categories)
	long := longLetters
	if len(groups) > 1 {
		long = letters
	}
	p.Add(verticals())
	var below *plotter.BarChart
	for _, g := range groups {
		values := make(plotter.Values, n)
		for i := range values {
			values[i] = g.values[n-1-i]
		}
		b, err := plotter.NewBarChart(values, barHeight)
		if err != nil {
			return nil, err
		}
		b.Horizontal, b.Color, b.LineStyle.Width = true, g.color, 0
		if below != nil {
			b.StackOn(below)
		}
		below = b
		p.Add(b)
	}
	p.NominalY(labels(categories, long)...)
	p.Y.Tick.Width, p.Y.Width = 0, 0
	p.Y.Padding = 8 // a reader's font may be wider
	p.X.Min = math.Min(p.X.Min, 0)
	widen(&p.X)
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	return drawn(p, vg.Length(frame+barPitch*max(n, (len(groups)+1)*2/3)), groups)
}

// verticals are the lines of the grid that bars are read by.
func verticals() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Width = 0
	g.Vertical.Color, g.Vertical.Dashes, g.Vertical.Width = grid, nil, 0.5
	return g
}

// widen gives an axis on which all is alike a length.
func widen(a *plot.Axis) {
	if !(a.Max > a.Min) {
		a.Max = a.Min + 1
	}
}

// scatter draws points, of each group in its colour, and a line on which x and y are equal, where asked for.
func scatter(x, y string, groups []group, height vg.Length, diagonal bool) (plotted, error) {
	p := newPlot(x, y)
	ordered := slices.Clone(groups) // small ones drawn last, so that none is hidden
	for i := range ordered {
		ordered[i].sort()
	}
	g := plotter.NewGrid()
	for _, l := range []*draw.LineStyle{&g.Horizontal, &g.Vertical} {
		l.Color, l.Dashes, l.Width = grid, nil, 0.5
	}
	p.Add(g)
	for _, g := range ordered {
		if len(g.points) == 0 {
			continue
		}
		s, err := plotter.NewScatter(g.points)
		if err != nil {
			return nil, err
		}
		style := draw.GlyphStyle{Color: g.color, Radius: 2.6, Shape: draw.CircleGlyph{}}
		s.GlyphStyleFunc = func(i int) draw.GlyphStyle {
			one := style
			if g.sizes != nil {
				one.Radius = vg.Length(g.sizes[i])
			}
			return one
		}
		p.Add(s)
	}
	if diagonal {
		low, high := math.Max(p.X.Min, p.Y.Min), math.Min(p.X.Max, p.Y.Max)
		if high > low {
			l, err := plotter.NewLine(plotter.XYs{{X: low, Y: low}, {X: high, Y: high}})
			if err != nil {
				return nil, err
			}
			l.Width, l.Dashes = 0.8, []vg.Length{4, 3}
			p.Add(l)
		}
	}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		widen(a)
		room := 0.04 * (a.Max - a.Min)
		a.Min, a.Max = a.Min-room, a.Max+room
	}
	return drawn(p, height, groups)
}

// curves draws a line through the points of each group, and a dot at its marked point.
func curves(x, y string, groups []group, marked []plotter.XY) (plotted, error) {
	p := newPlot(x, y)
	p.Add(verticals())
	for i, g := range groups {
		line, err := plotter.NewLine(g.points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = g.color, 1.4
		dot, err := plotter.NewScatter(plotter.XYs{marked[i]})
		if err != nil {
			return nil, err
		}
		dot.GlyphStyle = draw.GlyphStyle{Color: g.color, Radius: 3, Shape: draw.CircleGlyph{}}
		p.Add(line, dot)
	}
	widen(&p.X)
	widen(&p.Y)
	return drawn(p, 260, groups)
}

// steps draws a line over the steps of a search on a logarithmic axis, and the level to get under.
func steps(x, y string, values []float64, level float64) (plotted, error) {
	p := newPlot(x, y)
	floor := math.Max(level/100, leastShown)
	var line plotter.XYs
	for i, v := range values {
		v = math.Max(v, floor)
		line = append(line, plotter.XY{X: float64(i + 1), Y: v})
	}
	l, err := plotter.NewLine(line)
	if err != nil {
		return nil, err
	}
	l.Color, l.Width, l.StepStyle = series[0], 1.6, plotter.PostStep
	p.Add(verticals(), l)
	p.X.Max, p.X.Tick.Marker = float64(max(len(values), 2)), wholes{}
	if level > 0 {
		target, err := plotter.NewLine(plotter.XYs{{X: 1, Y: level}, {X: p.X.Max, Y: level}})
		if err != nil {
			return nil, err
		}
		target.Color, target.Width, target.Dashes = series[1], 1, []vg.Length{4, 3}
		p.Add(target)
	}
	p.Y.Min, p.Y.Max = math.Pow(10, math.Floor(math.Log10(p.Y.Min))), math.Pow(10, math.Ceil(math.Log10(p.Y.Max)))
	if p.Y.Max <= p.Y.Min {
		p.Y.Max = 10 * p.Y.Min
	}
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, powers{}
	groups := []group{{name: "reached", color: series[0]}, {name: "asked for", color: series[1]}}
	return drawn(p, 200, groups)
}

// leastShown stands for 0 on a logarithmic axis: under the rounding of every profit.
const leastShown = 1e-12

// tornado draws the range of a figure under each assumption around its base.
func tornado(unit string, categories []string, low, high []float64, base float64) (plotted, error) {
	p := newPlot(unit, "")
	p.Add(verticals())
	n := len(categories)
	for i := range categories {
		y := float64(n - 1 - i)
		for side, to := range []float64{low[i], high[i]} {
			l, err := plotter.NewLine(plotter.XYs{{X: base, Y: y}, {X: to, Y: y}})
			if err != nil {
				return nil, err
			}
			l.Color, l.Width = series[1-side], barHeight
			p.Add(l)
		}
	}
	middle, err := plotter.NewLine(plotter.XYs{{X: base, Y: -0.6}, {X: base, Y: float64(n) - 0.4}})
	if err != nil {
		return nil, err
	}
	p.Add(middle)
	p.NominalY(labels(categories, letters)...)
	p.Y.Tick.Width, p.Y.Width = 0, 0
	p.Y.Padding = 8 // a reader's font may be wider
	widen(&p.X)
	room := 0.03 * (p.X.Max - p.X.Min)
	p.X.Min, p.X.Max = p.X.Min-room, p.X.Max+room
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	return drawn(p, vg.Length(frame+barPitch*max(n, 3)), []group{{name: "lowest", color: series[1]}, {name: "highest", color: series[0]}})
}
