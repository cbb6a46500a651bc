package verify

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"lotwise/models/auction"
)

// A play is what the tables say that everyone bids: recommended_bids, equilibrium and profiles read into
// one structure, with the fixed bidders and, for bid, the beliefs.

// A group is the strategies of one bidder's type in one block, with the certificate they share.
type group struct {
	bidder, typ int
	block       string
	first       int // its first row in equilibrium.csv
	strategies  []*strategy
	network     *network
	bound       float64
	regret      float64
}

// A strategy is one bid of a group.
type strategy struct {
	name        string
	probability float64
	row         int // in equilibrium.csv
	bids        []int
	rows        []bidRow // of bids, in the same order
	profit      float64  // recomputed
	known       bool     // whether profit could be recomputed
}

// An arena is one block: lots that interact, who meets there, and how they play together.
type arena struct {
	block    string
	lots     []int
	groups   []*group
	profiles []*profile // none under independent play
}

// A profile is one draw of a joint distribution.
type profile struct {
	name        string
	probability float64
	first       int // its first row in profiles.csv
	choice      map[*group]*strategy
}

// A play is everything together.
type play struct {
	arenas  []*arena
	fixed   map[int][]bidRow // by bidder: the rows of those that choose nothing
	weight  map[[2]int]float64
	me      int     // bid: the bidder that bids; -1 for solve
	beliefs []world // bid: its rivals
}

// unmodelled says why the seller's answer is not the merit order; blank where it is.
func (k *checker) unmodelled() string {
	if k.c.Rules.Payment != auction.PayAsBid {
		return "payment " + k.c.Rules.Payment
	}
	if k.o.Command == "bid" && k.c.Rules.PackageBids {
		return "the bidder may bid packages"
	}
	if len(k.c.Limits) > 0 {
		return "limits.csv bounds what is accepted"
	}
	if len(k.c.Adjustments) > 0 {
		return "adjustments.csv changes how bids are scored"
	}
	simple := func(bids []auction.Bid) bool {
		for i := range bids {
			if len(bids[i].Rows) > 1 || !bids[i].Divisible() {
				return false
			}
		}
		return true
	}
	believed := map[int]bool{}
	if k.o.Command == "bid" {
		me := -1 // whose run it is
		for _, r := range k.r.Equilibrium {
			if b, ok := k.bidder[r.Bidder]; ok && me < 0 {
				me = b
			}
		}
		for _, s := range k.c.Beliefs {
			spent, volume := map[int]float64{}, map[int]float64{}
			for i := range s.Bids {
				b := &s.Bids[i]
				if b.Bidder == me {
					continue
				}
				believed[b.Bidder] = true
				if !simple(s.Bids[i : i+1]) {
					return "beliefs.csv holds packages or bids that are not divisible"
				}
				for _, r := range k.rowsOf(*b) {
					spent[b.Bidder] += r.price * r.quantity
					volume[b.Bidder] += r.quantity
				}
			}
			for i, b := range k.c.Bidders {
				if !atMost(spent[i], b.Budget) || !atMost(volume[i], b.MaxVolume) {
					return fmt.Sprintf("in scenario %q the bids of %q do not fit its budget and max_volume", s.Scenario, b.Name)
				}
			}
		}
	}
	spent, volume := map[int]float64{}, map[int]float64{}
	for i := range k.c.Bids {
		b := &k.c.Bids[i]
		if k.c.Bidders[b.Bidder].Strategic() || believed[b.Bidder] {
			continue
		}
		if !simple(k.c.Bids[i : i+1]) {
			return "bids.csv holds packages or bids that are not divisible of a bidder without demand"
		}
		for _, r := range b.Rows {
			spent[b.Bidder] += r.Price * r.Quantity
			volume[b.Bidder] += r.Quantity
		}
	}
	for i, b := range k.c.Bidders {
		if !b.Strategic() && (!atMost(spent[i], b.Budget) || !atMost(volume[i], b.MaxVolume)) {
			return fmt.Sprintf("the bids of %q do not fit its budget and max_volume", b.Name)
		}
	}
	return ""
}

// under says whether a price does not meet the lot's reserve.
func (k *checker) under(price float64, lot int) bool {
	return price < k.c.Lots[lot].Reserve-gridTol*k.c.Rules.PriceStep
}

// readPlay reads the tables; ok is false where they do not hold together, with findings that say why.
func (k *checker) readPlay() (*play, bool) {
	before := len(k.report.Findings)
	p := &play{fixed: map[int][]bidRow{}, weight: map[[2]int]float64{}, me: -1}
	type place struct {
		bidder, typ int
		block       string
	}
	type name struct {
		place
		strategy string
	}
	groups := map[place]*group{}
	strategies := map[name]*strategy{}
	arenas := map[string]*arena{}
	networks := map[[2]int]*network{}

	for i, r := range k.r.Equilibrium {
		b, ok := k.bidderNamed(tableEquilibrium, i, r.Bidder)
		if !ok {
			continue
		}
		if !k.c.Bidders[b].Strategic() {
			k.find(tableEquilibrium, i, "bidder", "%q has no demand and so chooses nothing", r.Bidder)
			continue
		}
		t, ok := k.typeNamed(tableEquilibrium, i, b, r.Type)
		if !ok {
			continue
		}
		at := place{b, t, r.Block}
		if s, dup := strategies[name{at, r.Strategy}]; dup {
			k.find(tableEquilibrium, i, "strategy", "%q already stands in row %d for the same bidder, type and block", r.Strategy, s.row+1)
			continue
		}
		g := groups[at]
		if g == nil {
			if networks[[2]int{b, t}] == nil {
				networks[[2]int{b, t}] = newNetwork(k.c, &k.c.Bidders[b], k.c.Bidders[b].Types[t])
			}
			g = &group{bidder: b, typ: t, block: r.Block, first: i, network: networks[[2]int{b, t}], bound: r.BestResponseBound, regret: r.RegretBound}
			groups[at] = g
			a := arenas[r.Block]
			if a == nil {
				a = &arena{block: r.Block}
				arenas[r.Block] = a
				p.arenas = append(p.arenas, a)
			}
			a.groups = append(a.groups, g)
		}
		s := &strategy{name: r.Strategy, probability: r.Probability, row: i}
		strategies[name{at, r.Strategy}] = s
		g.strategies = append(g.strategies, s)
		if r.Probability < -probTol || r.Probability > 1+probTol || math.IsNaN(r.Probability) {
			k.find(tableEquilibrium, i, "probability", "%.10g is no probability", r.Probability)
		}
	}

	lotBlock := map[int]string{}
	lotRow := map[int]int{}
	for i, r := range k.r.RecommendedBids {
		b, ok1 := k.bidderNamed(tableBids, i, r.Bidder)
		l, ok2 := k.lotNamed(tableBids, i, r.Lot)
		if !ok1 {
			continue
		}
		t, ok := k.typeNamed(tableBids, i, b, r.Type)
		if !ok || !ok2 {
			continue
		}
		if other, seen := lotBlock[l]; seen && other != r.Block {
			k.find(tableBids, i, "block", "lot %q is in block %q here and in %q in row %d", r.Lot, r.Block, other, lotRow[l]+1)
		} else if !seen {
			lotBlock[l], lotRow[l] = r.Block, i
		}
		s := strategies[name{place{b, t, r.Block}, r.Strategy}]
		if s == nil {
			column := "strategy"
			if groups[place{b, t, r.Block}] == nil {
				column = "block"
			}
			k.find(tableBids, i, column, "equilibrium.csv has no strategy %q of bidder %q, type %q, in block %q", r.Strategy, r.Bidder, r.Type, r.Block)
			k.find(tableEquilibrium, -1, column, "strategy %q of bidder %q, type %q, in block %q is missing: recommended_bids.csv has its bids", r.Strategy, r.Bidder, r.Type, r.Block)
			continue
		}
		if math.Abs(s.probability-r.Probability) > probTol {
			k.find(tableBids, i, "probability", "%.10g here, %.10g in equilibrium.csv row %d", r.Probability, s.probability, s.row+1)
			k.find(tableEquilibrium, s.row, "probability", "%.10g here, %.10g in recommended_bids.csv row %d", s.probability, r.Probability, i+1)
		}
		k.bidRow(i, b, l)
		s.bids = append(s.bids, i)
		row := bidRow{lot: l, price: r.Price, quantity: r.Quantity}
		if r.MinFraction == 1 {
			row.whole = r.Bid
		}
		s.rows = append(s.rows, row)
	}

	for _, a := range p.arenas {
		for _, g := range a.groups {
			k.checkGroup(g)
		}
	}
	k.readProfiles(p, arenas, func(b, t int, block, s string) (*group, *strategy) {
		at := place{b, t, block}
		return groups[at], strategies[name{at, s}]
	})
	k.readRivals(p)
	k.readWeights(p)
	k.placeLots(p, arenas, lotBlock)
	k.checkCaps(p)
	return p, len(k.report.Findings) == before
}

// bidRow checks a recommended bid against the language of bids.
func (k *checker) bidRow(i, bidder, lot int) {
	r, b := &k.r.RecommendedBids[i], &k.c.Bidders[bidder]
	if _, ok := b.LotAccess(lot); !ok {
		k.find(tableBids, i, "lot", "bidder %q has no access to lot %q", r.Bidder, r.Lot)
	}
	if r.MinFraction != 0 && !(r.MinFraction == 1 && k.o.Command == "bid" && k.c.Rules.PackageBids) {
		k.find(tableBids, i, "min_fraction", "%.10g, only packages have 1, and only where rules.csv has package_bids", r.MinFraction)
	}
	if r.Quantity < 0 {
		k.find(tableBids, i, "quantity", "%.10g is negative", r.Quantity)
	}
	if q := r.Price / k.c.Rules.PriceStep; math.Abs(q-math.Round(q)) > gridTol {
		k.find(tableBids, i, "price", "%.10g is no multiple of the price step %g", r.Price, k.c.Rules.PriceStep)
	}
	if k.under(r.Price, lot) {
		k.find(tableBids, i, "price", "%.10g is under the lot's reserve %g", r.Price, k.c.Lots[lot].Reserve)
	}
}

// checkGroup checks that a group's probabilities sum to 1, that its rows share one certificate, and that
// each strategy names at most bid_steps prices a lot.
func (k *checker) checkGroup(g *group) {
	sum := 0.0
	for _, s := range g.strategies {
		sum += s.probability
		e := &k.r.Equilibrium[s.row]
		if !same(e.BestResponseBound, g.bound) {
			k.find(tableEquilibrium, s.row, "best_response_bound", "%.10g here, %.10g in row %d of the same bidder, type and block", e.BestResponseBound, g.bound, g.first+1)
		}
		if !same(e.RegretBound, g.regret) {
			k.find(tableEquilibrium, s.row, "regret_bound", "%.10g here, %.10g in row %d of the same bidder, type and block", e.RegretBound, g.regret, g.first+1)
		}
		prices := map[int][]float64{}
		packages := map[string]float64{} // their price
		for j, r := range s.rows {
			if r.whole != "" {
				if q, known := packages[r.whole]; known && !k.samePrice(q, r.price) {
					k.find(tableBids, s.bids[j], "price", "%.10g, other rows of bid %q are at %.10g", r.price, r.whole, q)
				}
				packages[r.whole] = r.price
				continue
			}
			fresh := true
			for _, q := range prices[r.lot] {
				fresh = fresh && !k.samePrice(q, r.price)
			}
			if fresh {
				prices[r.lot] = append(prices[r.lot], r.price)
			}
			if len(prices[r.lot]) > k.c.Rules.BidSteps {
				k.find(tableBids, s.bids[j], "price", "strategy %q names over %d prices for lot %q", s.name, k.c.Rules.BidSteps, k.c.Lots[r.lot].Name)
			}
		}
	}
	if math.Abs(sum-1) > probTol {
		row := -1
		if len(g.strategies) == 1 {
			row = g.first
		}
		k.find(tableEquilibrium, row, "probability", "the strategies of %s have probability %.10g together, not 1", k.groupName(g), sum)
	}
}

func (k *checker) groupName(g *group) string {
	b := &k.c.Bidders[g.bidder]
	s := fmt.Sprintf("bidder %q", b.Name)
	if t := b.Types[g.typ].Name; t != "" {
		s += fmt.Sprintf(", type %q", t)
	}
	if g.block != "" {
		s += fmt.Sprintf(", block %q", g.block)
	}
	return s
}

// readProfiles reads the joint distributions and checks them against the marginals.
func (k *checker) readProfiles(p *play, arenas map[string]*arena, look func(bidder, typ int, block, strategy string) (*group, *strategy)) {
	by := map[[2]string]*profile{}
	for i, r := range k.r.Profiles {
		b, ok := k.bidderNamed(tableProfiles, i, r.Bidder)
		if !ok {
			continue
		}
		t, ok := k.typeNamed(tableProfiles, i, b, r.Type)
		if !ok {
			continue
		}
		g, s := look(b, t, r.Block, r.Strategy)
		if g == nil {
			k.find(tableProfiles, i, "block", "equilibrium.csv has no strategies of bidder %q, type %q in block %q", r.Bidder, r.Type, r.Block)
			k.find(tableEquilibrium, -1, "block", "strategies of bidder %q, type %q in block %q are missing: profiles.csv plays them", r.Bidder, r.Type, r.Block)
			continue
		}
		if s == nil {
			k.find(tableProfiles, i, "strategy", "equilibrium.csv has no strategy %q of %s", r.Strategy, k.groupName(g))
			k.find(tableEquilibrium, -1, "strategy", "strategy %q of %s is missing: profiles.csv plays it", r.Strategy, k.groupName(g))
			continue
		}
		f := by[[2]string{r.Block, r.Profile}]
		if f == nil {
			f = &profile{name: r.Profile, probability: r.Probability, first: i, choice: map[*group]*strategy{}}
			by[[2]string{r.Block, r.Profile}] = f
			arenas[r.Block].profiles = append(arenas[r.Block].profiles, f)
			if r.Probability < -probTol || r.Probability > 1+probTol {
				k.find(tableProfiles, i, "probability", "%.10g is no probability", r.Probability)
			}
		}
		if math.Abs(f.probability-r.Probability) > probTol {
			k.find(tableProfiles, i, "probability", "%.10g here, %.10g in row %d of the same profile", r.Probability, f.probability, f.first+1)
			k.find(tableProfiles, f.first, "probability", "%.10g here, %.10g in row %d of the same profile", f.probability, r.Probability, i+1)
		}
		if f.choice[g] != nil {
			k.find(tableProfiles, i, "profile", "profile %q already has a strategy of %s", r.Profile, k.groupName(g))
			continue
		}
		f.choice[g] = s
	}
	for _, a := range p.arenas {
		if len(a.profiles) > 0 {
			k.checkProfiles(a)
		}
	}
}

// checkProfiles completes the profiles of a block - a type that bids nothing may be left out - and checks
// that they are a distribution with the marginals of equilibrium.csv.
func (k *checker) checkProfiles(a *arena) {
	sum := 0.0
	marginal := map[*strategy]float64{}
	for _, f := range a.profiles {
		sum += f.probability
		for _, g := range a.groups {
			if f.choice[g] == nil {
				for _, s := range g.strategies {
					if len(s.rows) == 0 {
						f.choice[g] = s
					}
				}
			}
			if f.choice[g] == nil {
				k.find(tableProfiles, f.first, "profile", "profile %q of block %q has no strategy of %s", f.name, a.block, k.groupName(g))
				continue
			}
			marginal[f.choice[g]] += f.probability
		}
	}
	if math.Abs(sum-1) > probTol {
		row := -1
		if len(a.profiles) == 1 {
			row = a.profiles[0].first
		}
		k.find(tableProfiles, row, "probability", "the profiles of block %q have probability %.10g together, not 1", a.block, sum)
	}
	for _, g := range a.groups {
		for _, s := range g.strategies {
			if math.Abs(marginal[s]-s.probability) > probTol {
				k.find(tableEquilibrium, s.row, "probability", "%.10g here, the profiles that play strategy %q of %s have %.10g", s.probability, s.name, k.groupName(g), marginal[s])
				for i, r := range k.r.Profiles {
					if r.Strategy == s.name && r.Block == a.block && r.Bidder == k.c.Bidders[g.bidder].Name && r.Type == k.c.Bidders[g.bidder].Types[g.typ].Name {
						k.find(tableProfiles, i, "strategy", "the profiles that play %q of %s have probability %.10g, equilibrium.csv says %.10g", s.name, k.groupName(g), marginal[s], s.probability)
					}
				}
			}
		}
	}
}

// readRivals reads who bids without choosing: bidders without demand and, for bid, the beliefs.
func (k *checker) readRivals(p *play) {
	if k.o.Command == "bid" {
		for _, a := range p.arenas {
			for _, g := range a.groups {
				if p.me < 0 {
					p.me = g.bidder
				} else if p.me != g.bidder {
					k.find(tableEquilibrium, g.first, "bidder", "%q stands beside %q: bid answers for one bidder", k.c.Bidders[g.bidder].Name, k.c.Bidders[p.me].Name)
				}
			}
		}
	}
	believed := map[int]bool{}
	for _, s := range k.c.Beliefs {
		for _, b := range s.Bids {
			believed[b.Bidder] = true
		}
	}
	for _, b := range k.c.Bids {
		// In bid, beliefs that speak of a bidder are the whole picture of it.
		if k.c.Bidders[b.Bidder].Strategic() || k.o.Command == "bid" && believed[b.Bidder] {
			continue
		}
		p.fixed[b.Bidder] = append(p.fixed[b.Bidder], k.rowsOf(b)...)
	}
	if k.o.Command != "bid" {
		return
	}
	for _, s := range k.c.Beliefs {
		rows := map[int][]bidRow{}
		for _, b := range s.Bids {
			if b.Bidder != p.me {
				rows[b.Bidder] = append(rows[b.Bidder], k.rowsOf(b)...)
			}
		}
		w := world{probability: s.Probability}
		for b := range k.c.Bidders {
			if all := slices.Concat(rows[b], p.fixed[b]); len(all) > 0 && b != p.me {
				w.rivals = append(w.rivals, rival{b, []option{optionOf(1, all)}})
			}
		}
		p.beliefs = append(p.beliefs, w)
	}
}

// rowsOf returns the rows of a bid that the seller may accept: none where it is void.
func (k *checker) rowsOf(b auction.Bid) []bidRow {
	if _, _, void := k.void(&b); void {
		return nil
	}
	rows := make([]bidRow, len(b.Rows))
	for i, r := range b.Rows {
		rows[i] = bidRow{lot: r.Lot, price: r.Price, quantity: r.Quantity}
	}
	return rows
}

// readWeights finds the probability of each type of those that have strategies: the types of a bidder
// that bid answers for alone share the whole probability.
func (k *checker) readWeights(p *play) {
	present := map[[2]int]bool{}
	for _, a := range p.arenas {
		for _, g := range a.groups {
			present[[2]int{g.bidder, g.typ}] = true
		}
	}
	for b := range k.c.Bidders {
		if !k.c.Bidders[b].Strategic() || k.o.Command == "bid" && b != p.me {
			continue
		}
		total := 0.0
		for t, ty := range k.c.Bidders[b].Types {
			if k.o.Command == "bid" && k.o.Type != "" && ty.Name != k.o.Type {
				if present[[2]int{b, t}] {
					k.find(tableEquilibrium, -1, "type", "the run answers for type %q alone and has strategies of %q", k.o.Type, ty.Name)
				}
				continue
			}
			p.weight[[2]int{b, t}] = ty.Probability
			total += ty.Probability
		}
		for t := range k.c.Bidders[b].Types {
			if w, ok := p.weight[[2]int{b, t}]; ok && total > 0 {
				p.weight[[2]int{b, t}] = w / total
			}
		}
	}
}

// placeLots finds the lots of each block. The tables name a block only where someone bids; the other
// lots follow from what interacts in some bidder's network, in the order of lots.csv.
func (k *checker) placeLots(p *play, arenas map[string]*arena, lotBlock map[int]string) {
	if k.o.Command == "bid" && p.me < 0 {
		return
	}
	touched := make([]bool, len(k.c.Lots))
	join := newForest(len(k.c.Lots))
	for b := range k.c.Bidders {
		if !k.c.Bidders[b].Strategic() || k.o.Command == "bid" && b != p.me {
			continue
		}
		for _, t := range k.c.Bidders[b].Types {
			for _, part := range newNetwork(k.c, &k.c.Bidders[b], t).parts {
				for _, l := range part.lots {
					touched[l] = true
					join.union(l, part.lots[0])
				}
			}
		}
	}
	var sets [][]int
	for _, s := range join.sets() {
		if touched[s[0]] {
			sets = append(sets, s)
		} else if block, ok := lotBlock[s[0]]; ok {
			arenas[block].lots = append(arenas[block].lots, s[0])
		}
	}
	var homeless [][]int
	agree := len(sets) == len(p.arenas) // one block for each set: then their order is known
	for i, s := range sets {
		block, named := "", false
		for _, l := range s {
			other, ok := lotBlock[l]
			switch {
			case !ok:
			case !named:
				block, named = other, true
			case other != block:
				k.find(tableBids, -1, "block", "lots of blocks %q and %q interact in a bidder's network: lot %q", block, other, k.c.Lots[l].Name)
			}
		}
		if !named && len(p.arenas) == 1 {
			block, named = p.arenas[0].block, true
		}
		if !named {
			homeless = append(homeless, s)
			continue
		}
		agree = agree && p.arenas[i].block == block
		if a := arenas[block]; a != nil {
			a.lots = append(a.lots, s...)
		}
	}
	if len(homeless) > 0 {
		var empty []*arena
		for _, a := range p.arenas {
			if len(a.lots) == 0 {
				empty = append(empty, a)
			}
		}
		placed := 0
		for i, s := range sets {
			for _, h := range homeless {
				if h[0] == s[0] && agree {
					p.arenas[i].lots = append(p.arenas[i].lots, s...)
					placed++
				}
			}
		}
		if placed == 0 && len(empty) == 1 {
			for _, h := range homeless {
				empty[0].lots = append(empty[0].lots, h...)
			}
			placed = len(homeless)
		}
		if placed < len(homeless) {
			k.checked("%d sets of lots that nobody bids for could not be told to a block: no better bid was searched there", len(homeless)-placed)
		}
	}
	for _, a := range p.arenas {
		sort.Ints(a.lots)
		if len(a.lots) == 0 && len(p.arenas) > 1 && len(homeless) == 0 {
			k.find(tableEquilibrium, a.groups[0].first, "block", "no lots are left for block %q", a.block)
		}
		if k.o.Command == "solve" {
			k.checkPresence(a)
		}
	}
	if k.o.Command == "bid" {
		for t, ty := range k.c.Bidders[p.me].Types {
			if _, due := p.weight[[2]int{p.me, t}]; due && !answered(p, t) {
				k.find(tableEquilibrium, -1, "type", "there is no strategy of type %q", ty.Name)
			}
		}
	}
}

// answered says whether the run has a strategy of the type.
func answered(p *play, typ int) bool {
	for _, a := range p.arenas {
		for _, g := range a.groups {
			if g.typ == typ {
				return true
			}
		}
	}
	return false
}

// checkPresence reports a strategic bidder's type that could gain in the block and has no strategy there:
// one to which all of the block's lots, for nothing, would be worth something.
func (k *checker) checkPresence(a *arena) {
	has := map[[2]int]bool{}
	for _, g := range a.groups {
		has[[2]int{g.bidder, g.typ}] = true
	}
	for b := range k.c.Bidders {
		for t, ty := range k.c.Bidders[b].Types {
			if has[[2]int{b, t}] || !k.c.Bidders[b].Strategic() {
				continue
			}
			gain := 0.0
			for _, part := range k.partsIn(newNetwork(k.c, &k.c.Bidders[b], ty), a) {
				all := make([]float64, len(part.lots))
				for i, l := range part.lots {
					if containsInt(a.lots, l) {
						all[i] = k.c.Lots[l].Capacity
					}
				}
				gain += part.at(all).net - part.none().net
			}
			if !same(gain, 0) {
				k.find(tableEquilibrium, -1, "", "bidder %q, type %q has no strategy in block %q, whose lots are worth %.10g to it", k.c.Bidders[b].Name, ty.Name, a.block, gain)
			}
		}
	}
}

// checkCaps checks budgets and volume caps: in solve the largest bids of all blocks must fit together
// even when all of them is accepted; in bid what is won must fit in every scenario.
func (k *checker) checkCaps(p *play) {
	type total struct {
		money, volume float64
		row           int
	}
	if k.o.Command == "bid" {
		k.checkScenarioCaps(p)
		return
	}
	sums := map[[2]int]*total{}
	for _, a := range p.arenas {
		for _, g := range a.groups {
			at := [2]int{g.bidder, g.typ}
			if sums[at] == nil {
				sums[at] = &total{row: -1}
			}
			money, volume := 0.0, 0.0
			for _, s := range g.strategies {
				m, v := 0.0, 0.0
				for _, r := range s.rows {
					m, v = m+r.price*r.quantity, v+r.quantity
				}
				if len(s.bids) > 0 && (m > money || v > volume) {
					sums[at].row = s.bids[0]
				}
				money, volume = math.Max(money, m), math.Max(volume, v)
			}
			sums[at].money += money
			sums[at].volume += volume
		}
	}
	for b := range k.c.Bidders {
		for t := range k.c.Bidders[b].Types {
			s := sums[[2]int{b, t}]
			if s == nil {
				continue
			}
			if !atMost(s.money, k.c.Bidders[b].Budget) {
				k.find(tableBids, s.row, "quantity", "the bids of %q, type %q come to %.10g when all are accepted, over its budget %.10g", k.c.Bidders[b].Name, k.c.Bidders[b].Types[t].Name, s.money, k.c.Bidders[b].Budget)
			}
			if !atMost(s.volume, k.c.Bidders[b].MaxVolume) {
				k.find(tableBids, s.row, "quantity", "the bids of %q, type %q come to %.10g packages when all are accepted, over its max_volume %.10g", k.c.Bidders[b].Name, k.c.Bidders[b].Types[t].Name, s.volume, k.c.Bidders[b].MaxVolume)
			}
		}
	}
}

// checkScenarioCaps checks a bidder's budget and volume cap in every scenario of its beliefs.
func (k *checker) checkScenarioCaps(p *play) {
	if p.me < 0 || k.unmodelled() != "" {
		return
	}
	b := &k.c.Bidders[p.me]
	for t := range b.Types {
		var rows []bidRow
		first := -1
		for _, a := range p.arenas {
			for _, g := range a.groups {
				if g.typ != t {
					continue
				}
				for _, s := range g.strategies {
					rows = append(rows, s.rows...)
					if first < 0 && len(s.bids) > 0 {
						first = s.bids[0]
					}
				}
			}
		}
		for i, w := range p.beliefs {
			e, ok := k.expect(p.me, rows, []world{{1, w.rivals}})
			if !ok {
				continue
			}
			money, volume := 0.0, 0.0
			for _, x := range e {
				money, volume = money+x.payment, volume+x.quantity
			}
			if !atMost(money, b.Budget) || !atMost(volume, b.MaxVolume) {
				k.find(tableBids, first, "quantity", "in scenario %q type %q wins %.10g packages for %.10g, over its max_volume %.10g or budget %.10g", k.c.Beliefs[i].Scenario, b.Types[t].Name, volume, money, b.MaxVolume, b.Budget)
			}
		}
	}
}

// worlds returns what a bidder meets in an arena. Where only is given, it is what the group meets while it
// plays that strategy; nil for whatever it plays.
func (k *checker) worlds(p *play, a *arena, me int, g *group, only *strategy) []world {
	if k.o.Command == "bid" {
		return p.beliefs
	}
	var out []world
	add := func(probability float64, options func(*group) []option) {
		w := world{probability: probability}
		by := map[int][]option{}
		for _, h := range a.groups {
			if h.bidder == me {
				continue
			}
			for _, o := range options(h) {
				o.probability *= p.weight[[2]int{h.bidder, h.typ}]
				by[h.bidder] = append(by[h.bidder], o)
			}
		}
		for b := range k.c.Bidders {
			if o := by[b]; len(o) > 0 {
				w.rivals = append(w.rivals, rival{b, o})
			}
			if rows := p.fixed[b]; len(rows) > 0 && b != me {
				w.rivals = append(w.rivals, rival{b, []option{optionOf(1, rows)}})
			}
		}
		out = append(out, w)
	}
	if len(a.profiles) == 0 {
		add(1, func(h *group) []option {
			var o []option
			for _, s := range h.strategies {
				if s.probability > 0 {
					o = append(o, optionOf(s.probability, s.rows))
				}
			}
			return o
		})
		return out
	}
	total := 0.0
	for _, f := range a.profiles {
		if only == nil || f.choice[g] == only {
			total += f.probability
		}
	}
	for _, f := range a.profiles {
		if f.probability > 0 && (only == nil || f.choice[g] == only) {
			add(f.probability/total, func(h *group) []option { return []option{optionOf(1, f.choice[h].rows)} })
		}
	}
	return out
}
