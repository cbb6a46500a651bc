package equilibrium

import (
	"math"
	"math/rand/v2"
	"testing"
)

// bimatrix wraps a two-player game for polymatrix.
func bimatrix(a, b [][]float64) ([]int, [][][][]float64, [][]float64) {
	t := make([][]float64, len(b[0]))
	for j := range t {
		t[j] = make([]float64, len(b))
		for i := range b {
			t[j][i] = b[i][j]
		}
	}
	sizes := []int{len(a), len(a[0])}
	return sizes, [][][][]float64{{nil, a}, {t, nil}}, [][]float64{make([]float64, len(a)), make([]float64, len(a[0]))}
}

func TestPolymatrixClosedForms(t *testing.T) {
	for _, tc := range []struct {
		name string
		a, b [][]float64
		x, y []float64
	}{
		{"matching pennies", [][]float64{{1, -1}, {-1, 1}}, [][]float64{{-1, 1}, {1, -1}}, []float64{.5, .5}, []float64{.5, .5}},
		{"prisoner's dilemma", [][]float64{{-1, -3}, {0, -2}}, [][]float64{{-1, 0}, {-3, -2}}, []float64{0, 1}, []float64{0, 1}},
		{
			"rock paper scissors",
			[][]float64{{0, -1, 1}, {1, 0, -1}, {-1, 1, 0}},
			[][]float64{{0, 1, -1}, {-1, 0, 1}, {1, -1, 0}},
			[]float64{1. / 3, 1. / 3, 1. / 3},
			[]float64{1. / 3, 1. / 3, 1. / 3},
		},
	} {
		x, err := polymatrix(bimatrix(tc.a, tc.b))
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		for i := range tc.x {
			if math.Abs(x[0][i]-tc.x[i]) > 1e-9 || math.Abs(x[1][i]-tc.y[i]) > 1e-9 {
				t.Errorf("%s: got %v", tc.name, x)
			}
		}
	}
}

// Random polymatrix games, degenerate ones with small whole payoffs among them: nobody gains by deviating.
func TestPolymatrixHasNoRegret(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 300 {
		agents := 2 + r.IntN(4)
		sizes := make([]int, agents)
		for a := range sizes {
			sizes[a] = 1 + r.IntN(8)
		}
		payoff := make([][][][]float64, agents)
		own := make([][]float64, agents)
		for a := range agents {
			payoff[a] = make([][][]float64, agents)
			own[a] = make([]float64, sizes[a])
			for c := range agents {
				if c == a || r.IntN(5) == 0 {
					continue
				}
				payoff[a][c] = make([][]float64, sizes[a])
				for b := range payoff[a][c] {
					payoff[a][c][b] = make([]float64, sizes[c])
					for s := range payoff[a][c][b] {
						if trial%2 == 0 {
							payoff[a][c][b][s] = float64(r.IntN(4))
						} else {
							payoff[a][c][b][s] = r.NormFloat64() * 1000
						}
					}
				}
			}
			for b := range own[a] {
				own[a][b] = float64(r.IntN(3))
			}
		}
		x, err := polymatrix(sizes, payoff, own)
		if err != nil {
			t.Fatalf("trial %d: %v", trial, err)
		}
		for a := range agents {
			got, best, size := 0.0, math.Inf(-1), 1.0
			for b := range sizes[a] {
				u := own[a][b]
				for c := range agents {
					if payoff[a][c] == nil {
						continue
					}
					for s, p := range x[c] {
						u += p * payoff[a][c][b][s]
						size = math.Max(size, math.Abs(payoff[a][c][b][s]))
					}
				}
				got += x[a][b] * u
				best = math.Max(best, u)
			}
			if best-got > 1e-7*size {
				t.Fatalf("trial %d: agent %d regrets %g", trial, a, best-got)
			}
		}
	}
}
