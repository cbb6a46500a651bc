package inputs

import (
	"math"

	"lotwise/models/auction"
)

func (r *reader) readRules(s *sheet) {
	name, value := s.col("name"), s.col("value")
	u := s.unique()
	for s.next() {
		cell := name.text()
		word, remedy := choose(cell, ruleNames())
		if cell != "" && remedy != "" {
			name.wrong("no such rule", cell, remedy)
		}
		said := value.text()
		if word == "" || said == "" || !u.first(word) {
			continue
		}
		if what, remedy := setRule(&r.c.Rules, word, said, s.decimalComma); what != "" {
			value.wrong(what, said, remedy)
		}
	}
}

// setRule sets one of Rules to what a cell says. what says what is wrong with it and remedy what would
// do; both are blank where nothing is.
func setRule(to *auction.Rules, name, cell string, decimalComma bool) (what, remedy string) {
	word, number := cell, 0.0
	for _, rule := range Rules {
		if rule.Name == name && rule.Choices != nil {
			if word, remedy = choose(cell, rule.Choices); remedy != "" {
				return "no such " + name, remedy
			}
		}
	}
	if name == "price_step" || name == "bid_steps" {
		if number, what, remedy = parseNumber(cell, decimalComma); what != "" {
			return what, remedy
		}
	}
	switch name {
	case "objective":
		to.Objective = word
	case "payment":
		to.Payment = word
	case "price_step":
		if number <= 0 || math.IsInf(number, 0) {
			return "not a price step", "write a number over 0, such as 0.01"
		}
		to.PriceStep = number
	case "ties":
		to.Ties = word
	case "bid_steps":
		if number < 1 || number > math.MaxInt32 || number != math.Trunc(number) {
			return "not a count of prices", "write a whole number of at least 1"
		}
		to.BidSteps = int(number)
	case "package_bids":
		to.PackageBids = word == "yes"
	case "currency":
		to.Currency = word
	}
	return "", ""
}
