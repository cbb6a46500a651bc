package network

import (
	"fmt"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// Check returns an *auction.Infeasible that names the rows of demand.csv which must be delivered and which
// the bidder's own routes, every facility open, cannot deliver together, for any type; nil where there are
// none. What can be delivered without lots can be with them, so V is then finite everywhere.
func Check(c *auction.Case) error {
	bidders := make([]int, len(c.Bidders))
	for b := range bidders {
		bidders[b] = b
	}
	return CheckBidders(c, bidders...)
}

// CheckBidders is Check for these bidders alone.
func CheckBidders(c *auction.Case, bidders ...int) error {
	var bad auction.Infeasible
	said := map[auction.Source]bool{}
	for _, b := range bidders {
		for t := range c.Bidders[b].Types {
			for _, n := range New(c, b, t).Components() {
				for _, conflict := range n.undeliverable(c) {
					if !said[conflict.Source] {
						said[conflict.Source] = true
						bad.Conflicts = append(bad.Conflicts, conflict)
					}
				}
			}
		}
	}
	if len(bad.Conflicts) == 0 {
		return nil
	}
	slices.SortStableFunc(bad.Conflicts, func(x, y auction.Conflict) int { return x.Source.Line - y.Source.Line })
	return &bad
}

// undeliverable returns the rows that must be delivered and compete for routes that are short: those that the
// maximum flow leaves short, and those on whose packages its routes are spent.
func (n *Network) undeliverable(c *auction.Case) []auction.Conflict {
	var must []int
	total := 0.0
	for r, d := range n.rows {
		if !d.optional {
			must = append(must, r)
			total += d.volume
		}
	}
	var routes []int
	for k := range n.routes {
		if slices.ContainsFunc(n.routes[k].rows, func(r int) bool { return !n.rows[r].optional }) {
			routes = append(routes, k)
		}
	}
	p := n.plan(nil, must, routes, true)
	f := p.flow()
	p.load(f, nil, func(int) bool { return true })
	if f.send(total) <= shortfall*total {
		return nil
	}
	// The rows from which a package could still move toward a row that is short, backward from those rows: the
	// sink side of the minimum cut.
	least := dust * total
	side := make([]bool, len(p.adjacent))
	var stack []int32
	for i := range must {
		at := int32(2 + i)
		if !side[at] {
			a := p.adjacent[at][0] // the row's arc to the sink
			if f.left[a] > shortfall*total {
				side[at] = true
				stack = append(stack, at)
			}
		}
	}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, a := range p.adjacent[v] {
			u := p.to[a]
			if u != source && u != sink && !side[u] && f.left[a^1] > least {
				side[u] = true
				stack = append(stack, u)
			}
		}
	}
	var group []int
	need, carried := 0.0, 0.0
	for i, r := range must {
		if at := int32(2 + i); side[at] {
			group = append(group, r)
			need += n.rows[r].volume
			carried += f.on(p.adjacent[at][0])
		}
	}
	b := &c.Bidders[n.bidder]
	who := b.Name
	if name := b.Types[n.typ].Name; name != "" {
		who += " of type " + name
	}
	var out []auction.Conflict
	for _, r := range group {
		d := &n.rows[r]
		what := fmt.Sprintf("bidder %s must deliver %.10g packages in zone %s", who, d.volume, d.zone)
		if len(d.services) > 0 {
			what += " (" + strings.Join(d.services, "|") + ")"
		}
		if len(group) == 1 {
			what += fmt.Sprintf(", its routes alone can carry %.10g", carried)
		} else {
			what += fmt.Sprintf(", its routes alone can carry %.10g of the %.10g packages of these %d rows together", carried, need, len(group))
		}
		out = append(out, auction.Conflict{What: what + "; add a route or capacity, or give the demand a value", Source: b.Demand[d.id].Source})
	}
	return out
}
