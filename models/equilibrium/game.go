package equilibrium

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// A game is one block: the lots that interact, and the bidders that meet in them.
type game struct {
	c       *auction.Case
	block   string // its name; blank where there is one
	lots    []int  // ascending
	seats   []*seat
	fixed   map[int][]bidding.Row // by lot: the rows of bidders that bid exactly their rows
	offers  []*offerBook          // by position in lots
	at      map[int]int           // position of a lot in lots
	seed    int64
	sampled bool                      // some part faces more joint offers than can be enumerated
	steps   *[]auction.ConvergenceRow // of the search in the block, nil where nobody asks
}

// A seat makes one decision of the game: what a bidder of a type bids for the lots of its parts. The
// profits of a bidder's type in different seats add up, and no budget or cap joins them.
type seat struct {
	index       int
	bidder, typ int
	probability float64 // of the type
	lots        []int   // ascending
	parts       []*part
	pool        []auction.Strategy // the strategies considered so far; pool[0] bids nothing
	ids         [][]int32          // pool[s]'s offer at lots[j], interned, by s and j
	byKey       map[string]int
}

// A part is lots whose worth to the bidder adds to that of its other lots: a connected component of its
// network, or all of it where a budget or volume cap joins the components.
type part struct {
	net       *network.Network
	lots      []int
	where     []int // position of lots[j] in the seat's lots
	problem   bidding.Problem
	rivals    []rival
	supplies  []map[string]*supply // by lot of the part and the rivals' offers there
	contents  []map[string]*supply // by lot of the part and what the supply says
	supplyID  map[*bidding.Supply]int
	situation map[string]*situation
	sampled   bool
}

// A rival is another bidder whose bids the part meets.
type rival struct {
	bidder int
	types  []rivalType
}

// A rivalType says which seat of the rival's type bids in each lot of the part.
type rivalType struct {
	probability float64
	seats       []int // ascending, those that share a lot with the part
	cells       []cell
}

// A cell is where a rival's type decides its bid for one lot of the part: position pos in the lots of
// seat, or nowhere (seat -1).
type cell struct{ seat, pos int }

type supply struct {
	*bidding.Supply
	id int
}

// A situation is what a part faces while the rivals' seats play one strategy each: residual supplies over
// the rivals' types, and the profits found against them.
type situation struct {
	problem *bidding.Problem
	profit  map[string]float64 // by the part's own interned offers
	best    *bidding.Response  // nil until asked for
}

// An offerBook interns what one seat bids for one lot; id 0 is no bid.
type offerBook struct {
	byKey map[string]int32
	list  [][]auction.LotBid
}

func newOfferBook() *offerBook {
	return &offerBook{byKey: map[string]int32{"": 0}, list: [][]auction.LotBid{nil}}
}

func (b *offerBook) intern(bids []auction.LotBid) int32 {
	var key []byte
	for _, x := range bids {
		key = binary.LittleEndian.AppendUint64(key, uint64(x.Tick))
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(x.Quantity))
	}
	id, found := b.byKey[string(key)]
	if !found {
		id = int32(len(b.list))
		b.byKey[string(key)] = id
		b.list = append(b.list, slices.Clone(bids))
	}
	return id
}

// newGame builds the game of a block. With whole, each type of a bidder has one seat; without, one for
// each connected component of its network, which is finer: decisions that never meet are apart.
func newGame(c *auction.Case, nets [][]*network.Network, lots []int, fixed map[int][]bidding.Row, whole bool, seed int64) *game {
	g := &game{c: c, lots: lots, fixed: fixed, at: map[int]int{}, seed: seed}
	for k, l := range lots {
		g.at[l] = k
		g.offers = append(g.offers, newOfferBook())
	}
	for i := range nets {
		b := &c.Bidders[i]
		for t, net := range nets[i] {
			mine := intersect(net.Lots(), lots)
			if len(mine) == 0 {
				continue
			}
			var parts []*part
			if inside := net.Restrict(mine); capped(b) {
				parts = append(parts, g.newPart(i, inside))
			} else {
				for _, comp := range inside.Components() {
					if len(comp.Lots()) > 0 {
						parts = append(parts, g.newPart(i, comp))
					}
				}
			}
			if whole {
				g.addSeat(i, t, parts)
			} else {
				for _, p := range parts {
					g.addSeat(i, t, []*part{p})
				}
			}
		}
	}
	for _, s := range g.seats {
		for _, p := range s.parts {
			g.meet(s, p)
		}
	}
	return g
}

func (g *game) newPart(bidder int, net *network.Network) *part {
	b := &g.c.Bidders[bidder]
	p := &part{net: net, lots: net.Lots(), supplyID: map[*bidding.Supply]int{}, situation: map[string]*situation{}}
	p.problem = bidding.Problem{
		Rules: &g.c.Rules, Network: net, Lots: p.lots, Values: net.NewEvaluator(),
		Budget: b.Budget, MaxVolume: b.MaxVolume, FitAlways: true,
	}
	for range p.lots {
		p.supplies = append(p.supplies, map[string]*supply{})
		p.contents = append(p.contents, map[string]*supply{})
	}
	return p
}

func (g *game) addSeat(bidder, typ int, parts []*part) {
	s := &seat{
		index: len(g.seats), bidder: bidder, typ: typ,
		probability: g.c.Bidders[bidder].Types[typ].Probability,
		parts:       parts, byKey: map[string]int{},
	}
	for _, p := range parts {
		s.lots = append(s.lots, p.lots...)
	}
	slices.Sort(s.lots)
	for _, p := range parts {
		for _, l := range p.lots {
			k, _ := slices.BinarySearch(s.lots, l)
			p.where = append(p.where, k)
		}
	}
	g.seats = append(g.seats, s)
	g.add(s, nil)
}

// meet finds the rivals of a part.
func (g *game) meet(s *seat, p *part) {
	for _, o := range g.seats {
		if o.bidder == s.bidder || len(intersect(p.lots, o.lots)) == 0 {
			continue
		}
		if n := len(p.rivals); n == 0 || p.rivals[n-1].bidder != o.bidder {
			r := rival{bidder: o.bidder}
			for _, t := range g.c.Bidders[o.bidder].Types {
				rt := rivalType{probability: t.Probability, cells: make([]cell, len(p.lots))}
				for j := range rt.cells {
					rt.cells[j].seat = -1
				}
				r.types = append(r.types, rt)
			}
			p.rivals = append(p.rivals, r)
		}
		rt := &p.rivals[len(p.rivals)-1].types[o.typ]
		rt.seats = append(rt.seats, o.index)
		for j, l := range p.lots {
			if pos, found := slices.BinarySearch(o.lots, l); found {
				rt.cells[j] = cell{o.index, pos}
			}
		}
	}
}

// add puts a strategy into a seat's pool and returns its place there.
func (g *game) add(s *seat, strategy auction.Strategy) int {
	strategy = slices.Clone(strategy)
	sort.SliceStable(strategy, func(i, j int) bool {
		a, b := strategy[i], strategy[j]
		if a.Lot != b.Lot {
			return a.Lot < b.Lot
		}
		return a.Tick > b.Tick
	})
	ids := make([]int32, len(s.lots))
	for j, l := range s.lots {
		var bids []auction.LotBid
		for _, b := range strategy {
			if b.Lot == l && b.Quantity > 0 {
				bids = append(bids, b)
			}
		}
		ids[j] = g.offers[g.at[l]].intern(bids)
	}
	key := idKey(ids)
	k, found := s.byKey[key]
	if !found {
		k = len(s.pool)
		s.byKey[key] = k
		s.pool = append(s.pool, slices.DeleteFunc(strategy, func(b auction.LotBid) bool { return b.Quantity <= 0 }))
		s.ids = append(s.ids, ids)
	}
	return k
}

func idKey(ids []int32) string {
	key := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		key = binary.LittleEndian.AppendUint32(key, uint32(id))
	}
	return string(key)
}

// restrict returns the part's own share of a strategy.
func (p *part) restrict(strategy auction.Strategy) auction.Strategy {
	var out auction.Strategy
	for _, b := range strategy {
		if slices.Contains(p.lots, b.Lot) {
			out = append(out, b)
		}
	}
	return out
}

// An atom is one thing a rival may do in the lots of a part: an offer a lot.
type atom struct {
	probability float64
	offers      []int32
}

// merge adds an atom to a list, to an equal one where there is one.
func merge(atoms []atom, probability float64, offers []int32) []atom {
	if probability == 0 {
		return atoms
	}
	for k := range atoms {
		if slices.Equal(atoms[k].offers, offers) {
			atoms[k].probability += probability
			return atoms
		}
	}
	return append(atoms, atom{probability, slices.Clone(offers)})
}

// pureAtoms returns what each rival of the part may do while each seat plays choice: one atom a type.
func (g *game) pureAtoms(p *part, choice []int) [][]atom {
	out := make([][]atom, len(p.rivals))
	offers := make([]int32, len(p.lots))
	for r := range p.rivals {
		for _, t := range p.rivals[r].types {
			for j, c := range t.cells {
				offers[j] = 0
				if c.seat >= 0 {
					offers[j] = g.seats[c.seat].ids[choice[c.seat]][c.pos]
				}
			}
			out[r] = merge(out[r], t.probability, offers)
		}
	}
	return out
}

// productAtoms returns what each rival of the part may do while seats mix independently.
func (g *game) productAtoms(p *part, mixed [][]float64) [][]atom {
	out := make([][]atom, len(p.rivals))
	for r := range p.rivals {
		for _, t := range p.rivals[r].types {
			for _, a := range g.typeAtoms(t, mixed) {
				out[r] = merge(out[r], t.probability*a.probability, a.offers)
			}
		}
	}
	return out
}

// typeAtoms returns what one type of a rival may do: the product over its seats that meet the part.
func (g *game) typeAtoms(t rivalType, mixed [][]float64) []atom {
	atoms := []atom{{1, make([]int32, len(t.cells))}}
	for _, k := range t.seats {
		var next []atom
		for _, a := range atoms {
			for s, q := range mixed[k] {
				if q == 0 {
					continue
				}
				offers := slices.Clone(a.offers)
				for j, c := range t.cells {
					if c.seat == k {
						offers[j] = g.seats[k].ids[s][c.pos]
					}
				}
				next = merge(next, a.probability*q, offers)
			}
		}
		atoms = next
	}
	return atoms
}

// supplyAt returns the residual supply of the part's lot j while the rivals make the offers.
func (g *game) supplyAt(s *seat, p *part, j int, offers []int32) *supply {
	key := idKey(offers)
	if found, ok := p.supplies[j][key]; ok {
		return found
	}
	l := p.lots[j]
	rows := slices.Clone(g.fixed[l])
	for r, id := range offers {
		for _, b := range g.offers[g.at[l]].list[id] {
			rows = append(rows, bidding.Row{Bidder: p.rivals[r].bidder, Price: g.c.Rules.Price(b.Tick), Quantity: b.Quantity})
		}
	}
	rs := bidding.ResidualSupply(g.c, s.bidder, l, rows)
	out := p.intern(j, rs)
	p.supplies[j][key] = out
	return out
}

// intern returns the part's own copy of a supply of its lot j.
func (p *part) intern(j int, s *bidding.Supply) *supply {
	var content []byte
	for k := range s.Ticks {
		content = binary.LittleEndian.AppendUint64(content, uint64(s.Ticks[k]))
		content = binary.LittleEndian.AppendUint64(content, math.Float64bits(s.Volumes[k]))
	}
	out, ok := p.contents[j][string(content)]
	if !ok {
		out = &supply{s, len(p.contents[j])}
		p.contents[j][string(content)] = out
		p.supplyID[s] = out.id
	}
	return out
}

// jointCount returns how many joint offers the atoms have.
func jointCount(atoms [][]atom) float64 {
	n := 1.0
	for _, a := range atoms {
		n *= float64(len(a))
	}
	return n
}

// supplyKey names a vector of supplies, one a lot, that the part has interned.
func (p *part) supplyKey(supplies []*bidding.Supply) string {
	key := make([]byte, 0, 4*len(supplies))
	for _, s := range supplies {
		key = binary.LittleEndian.AppendUint32(key, uint32(p.supplyID[s]))
	}
	return string(key)
}

// A tally adds up scenarios, equal ones once.
type tally struct {
	at   map[string]int
	list []bidding.Scenario
}

func newTally() *tally { return &tally{at: map[string]int{}} }

// against returns the part's problem against the scenarios.
func (p *part) against(t *tally) *bidding.Problem {
	q := p.problem
	q.Scenarios = t.list
	return &q
}

// situationOf returns what the part faces while every seat plays its choice.
func (g *game) situationOf(s *seat, p *part, choice []int) *situation {
	var key []byte
	for _, r := range p.rivals {
		for _, t := range r.types {
			for _, c := range t.cells {
				id := int32(0)
				if c.seat >= 0 {
					id = g.seats[c.seat].ids[choice[c.seat]][c.pos]
				}
				key = binary.LittleEndian.AppendUint32(key, uint32(id))
			}
		}
	}
	if found, ok := p.situation[string(key)]; ok {
		return found
	}
	t := newTally()
	g.addAll(t, s, p, g.pureAtoms(p, choice), 1)
	out := &situation{problem: p.against(t), profit: map[string]float64{}}
	p.situation[string(key)] = out
	return out
}

// ownKey returns the part's share of pool[k] as a key.
func (s *seat) ownKey(p *part, k int) string {
	key := make([]byte, 0, 4*len(p.where))
	for _, j := range p.where {
		key = binary.LittleEndian.AppendUint32(key, uint32(s.ids[k][j]))
	}
	return string(key)
}

// profit returns the seat's expected profit of pool[k] while the other seats play choice.
func (g *game) profit(s *seat, k int, choice []int) float64 {
	total := 0.0
	for _, p := range s.parts {
		sit := g.situationOf(s, p, choice)
		total += sit.of(s, p, k)
	}
	return total
}

func (sit *situation) of(s *seat, p *part, k int) float64 {
	key := s.ownKey(p, k)
	v, found := sit.profit[key]
	if !found {
		v = sit.problem.Evaluate(p.restrict(s.pool[k])).Profit
		sit.profit[key] = v
	}
	return v
}
