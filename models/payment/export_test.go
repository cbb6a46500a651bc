package payment

// Nearest is the point of nearest.go for tests elsewhere.
func Nearest(vcg []float64, known []Alternative) ([]float64, error) {
	g := newNearest(vcg)
	for _, a := range known {
		g.add(a)
	}
	err := g.solve()
	return g.discounts(), err
}
