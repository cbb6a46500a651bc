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

// A Plane is a linear function At + DX·x + DY·y of the volumes of a pool's two lots.
type Plane struct{ At, DX, DY float64 }

// On returns the plane's value.
func (p *Plane) On(x, y float64) float64 { return p.At + p.DX*x + p.DY*y }

// pieces are the linear pieces of a pool's value with some facilities open.
type pieces struct {
	planes []Plane
	lines  Lines
	ok     bool
}

// Planes returns planes whose least is the value of a pool of two lots with these facilities open, at all
// volumes up to the useful ones; ok is false where they could not be told. What must be delivered and cannot be
// counts at a price over all costs instead of as -Inf.
//
// With the facilities given the value is concave. The planes are found as cutting planes: a tangent at every vertex
// where the least of the planes found so far is not yet the value. When they agree at all vertices, they
// agree everywhere, both being concave.
func (p *Pool) Planes(open uint64) (planes []Plane, ok bool) {
	f := p.pieces(open)
	return f.planes, f.ok
}

// Lines returns the lines along which the planes of a pool of two lots meet; ok is false where they could not be
// told.
//
// The value is the worth of what two sources may send into a flow network, an M♮-concave function of the two
// volumes: its linear pieces meet only along lines of three directions (Murota, Discrete Convex Analysis, 2003,
// chapters 6 and 9).
func (p *Pool) Lines(open uint64) (l Lines, ok bool) {
	f := p.pieces(open)
	return f.lines, f.ok
}

func (p *Pool) pieces(open uint64) *pieces {
	p.p.lock.Lock()
	defer p.p.lock.Unlock()
	f, ok := p.p.pieces[open]
	if !ok {
		f = p.dissect(open)
		if p.p.pieces == nil {
			p.p.pieces = map[uint64]*pieces{}
		}
		p.p.pieces[open] = f
	}
	return f
}

// dissect finds the pieces.
func (p *Pool) dissect(open uint64) *pieces {
	top := [2]float64{p.n.lots[p.p.lots[0]].useful, p.n.lots[p.p.lots[1]].useful}
	unit := max(top[0], top[1])
	var found []Plane
	tangent := func(x, y float64) (Plane, float64) {
		p.load([]float64{x, y}, open)
		v := p.plan.earned
		for a := 0; a < len(p.walk.to); a += 2 {
			if c := p.walk.cost[a]; c != 0 {
				v -= c * p.walk.on(int32(a))
			}
		}
		dx, dy := p.more(0), p.more(1)
		return Plane{v - dx*x - dy*y, dx, dy}, v
	}
	least := func(x, y float64) float64 {
		v := math.Inf(1)
		for i := range found {
			v = min(v, found[i].On(x, y))
		}
		return v
	}
	scale := 0.0
	same := func(a, b float64) bool { return math.Abs(a-b) <= level*scale }
	add := func(x, y float64) bool {
		q, v := tangent(x, y)
		scale = max(scale, math.Abs(v), p.walk.scale*unit)
		for _, r := range found {
			if same(r.At, q.At) && same(r.DX*unit, q.DX*unit) && same(r.DY*unit, q.DY*unit) {
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
			return &pieces{}
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
				c, dx, dy := b.At-a.At, a.DX-b.DX, a.DY-b.DY // dx·x + dy·y = c
				for _, e := range []float64{0, 1} {
					if !same(dx*unit, 0) {
						inside((c-dy*e*top[1])/dx, e*top[1])
					}
					if !same(dy*unit, 0) {
						inside(e*top[0], (c-dx*e*top[0])/dy)
					}
				}
				for _, d := range found[:j] {
					c2, dx2, dy2 := d.At-a.At, a.DX-d.DX, a.DY-d.DY
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
				return &pieces{}
			}
			break
		}
	}
	l := Lines{}
	for i, a := range found {
		for _, b := range found[:i] {
			c, dx, dy := b.At-a.At, a.DX-b.DX, a.DY-b.DY
			meet := slices.ContainsFunc(corners, func(v vertex) bool {
				u := least(v.x, v.y)
				return same(a.On(v.x, v.y), u) && same(b.On(v.x, v.y), u)
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
	return &pieces{planes: found, lines: l, ok: true}
}
