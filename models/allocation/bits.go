package allocation

import (
	"iter"
	mathbits "math/bits"
)

// bits is a set of small numbers.
type bits []uint64

// newBits are some empty sets of numbers under size.
func newBits(sets, size int) []bits {
	words := (size + 63) / 64
	all := make(bits, sets*words)
	out := make([]bits, sets)
	for i := range out {
		out[i] = all[i*words : (i+1)*words : (i+1)*words]
	}
	return out
}

func (b bits) has(v int32) bool { return b[v>>6]>>(v&63)&1 != 0 }
func (b bits) add(v int32)      { b[v>>6] |= 1 << (v & 63) }
func (b bits) remove(v int32)   { b[v>>6] &^= 1 << (v & 63) }

// join adds the members of o, cut removes them, meet leaves no others.
func (b bits) join(o bits) {
	for i, w := range o[:len(b)] {
		b[i] |= w
	}
}

func (b bits) cut(o bits) {
	for i, w := range o[:len(b)] {
		b[i] &^= w
	}
}

func (b bits) meet(o bits) {
	for i, w := range o[:len(b)] {
		b[i] &= w
	}
}

func (b bits) count() int {
	n := 0
	for _, w := range b {
		n += mathbits.OnesCount64(w)
	}
	return n
}

// shared is how many members b and o have in common.
func (b bits) shared(o bits) int {
	n := 0
	for i, w := range o[:len(b)] {
		n += mathbits.OnesCount64(b[i] & w)
	}
	return n
}

// all yields the members in ascending order; b may lose members meanwhile that were yielded before.
func (b bits) all() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(int32(i<<6 + mathbits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}
