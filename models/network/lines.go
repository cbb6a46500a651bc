package network

import (
	"math"
	"slices"
)

// Lines are where the slope of a pool's value can fall, over the volumes x and y of its two lots: the lines
// x = First, y = Second and x + y = Sum.
type Lines struct{ First, Second, Sum []float64 }

const (
	// planes is how many linear pieces of a pool's value are looked for before giving up.
	planes = 64
	// aside is how far, as a share of the lots' useful volume, a point is moved to leave a line.
	aside = 1e-7
	// level is the relative error within which two values or slopes of a pool are the same.
	level = 1e-9
)

// Lines returns the lines of a pool of two lots with these facilities open; ok is false where they could not
// be told.
//
// With the facilities given, the value is the worth of what two sources may send into a flow network, an
// M♮-concave function of the two volumes: its linear pieces meet only along lines of these three directions
// (Murota, Discrete Convex Analysis, 2003, chapters 6 and 9). The pieces are found as cutting planes: a
// tangent plane at every vertex where the least of the planes found so far is not yet the value. When they
// agree at all vertices, they agree everywhere, both being concave.
func (p *Pool) Lines(open uint64) (l Lines, ok bool) {
	top := [2]float64{p.n.lots[p.p.lots[0]].useful, p.n.lots[p.p.lots[1]].useful}
	unit := max(top[0], top[1])
	type plane struct{ at, dx, dy float64 }
	var found []plane
	tangent := func(x, y float64) (plane, float64) {
		p.load([]float64{x, y}, open)
		v := -p.plan.earned
		for a := 0; a < len(p.walk.to); a += 2 {
			v += p.walk.cost[a] * p.walk.on(int32(a))
		}
		v = -v
		dx, dy := p.more(0), p.more(1)
		return plane{v - dx*x - dy*y, dx, dy}, v
	}
	on := func(q plane, x, y float64) float64 { return q.at + q.dx*x + q.dy*y }
	least := func(x, y float64) float64 {
		v := math.Inf(1)
		for _, q := range found {
			v = min(v, on(q, x, y))
		}
		return v
	}
	scale := 0.0
	same := func(a, b float64) bool { return math.Abs(a-b) <= level*scale }
	add := func(x, y float64) bool {
		q, v := tangent(x, y)
		scale = max(scale, math.Abs(v), p.walk.scale*unit)
		for _, r := range found {
			if same(r.at, q.at) && same(r.dx*unit, q.dx*unit) && same(r.dy*unit, q.dy*unit) {
				return false
			}
		}
		found = append(found, q)
		return true
	}
	add(aside*unit, 2*aside*unit)
	type vertex struct{ x, y float64 }
	var corners []vertex
	for new := true; new; {
		if len(found) > planes {
			return Lines{}, false
		}
		new = false
		corners = []vertex{{0, 0}, {top[0], 0}, {0, top[1]}, {top[0], top[1]}}
		inside := func(x, y float64) {
			if x >= -level*unit && y >= -level*unit && x <= top[0]+level*unit && y <= top[1]+level*unit {
				corners = append(corners, vertex{min(max(x, 0), top[0]), min(max(y, 0), top[1])})
			}
		}
		for i, a := range found {
			for j, b := range found[:i] {
				c, dx, dy := b.at-a.at, a.dx-b.dx, a.dy-b.dy // dx·x + dy·y = c
				for _, e := range []float64{0, 1} {
					if !same(dx*unit, 0) {
						inside((c-dy*e*top[1])/dx, e*top[1])
					}
					if !same(dy*unit, 0) {
						inside(e*top[0], (c-dx*e*top[0])/dy)
					}
				}
				for _, d := range found[:j] {
					c2, dx2, dy2 := d.at-a.at, a.dx-d.dx, a.dy-d.dy
					if det := dx*dy2 - dy*dx2; math.Abs(det)*unit*unit > level*scale*scale*level {
						inside((c*dy2-c2*dy)/det, (dx*c2-dx2*c)/det)
					}
				}
			}
		}
		for _, v := range corners {
			u := least(v.x, v.y)
			if _, value := tangent(v.x, v.y); same(u, value) || u < value {
				continue
			}
			// A tangent next to the vertex, in each direction until one is new there.
			for _, d := range [][2]float64{{1, 2}, {-1, 2}, {1, -2}, {-1, -2}, {2, 1}, {-2, 1}, {2, -1}, {-2, -1}} {
				x, y := v.x+d[0]*aside*unit, v.y+d[1]*aside*unit
				if x >= 0 && y >= 0 && x <= top[0] && y <= top[1] && add(x, y) {
					new = true
				}
			}
			if !new {
				return Lines{}, false
			}
			break
		}
	}
	// Pieces meet where two planes are both least at a common vertex.
	for i, a := range found {
		for _, b := range found[:i] {
			c, dx, dy := b.at-a.at, a.dx-b.dx, a.dy-b.dy
			meet := slices.ContainsFunc(corners, func(v vertex) bool {
				u := least(v.x, v.y)
				return same(on(a, v.x, v.y), u) && same(on(b, v.x, v.y), u)
			})
			switch zx, zy := same(dx*unit, 0), same(dy*unit, 0); {
			case !meet || zx && zy:
			case zy:
				l.First = append(l.First, c/dx)
			case zx:
				l.Second = append(l.Second, c/dy)
			case same(dx*unit, dy*unit):
				l.Sum = append(l.Sum, c/dx)
			}
		}
	}
	for _, s := range []*[]float64{&l.First, &l.Second, &l.Sum} {
		slices.Sort(*s)
		*s = slices.CompactFunc(*s, func(a, b float64) bool { return math.Abs(b-a) <= level*unit })
	}
	return l, true
}
