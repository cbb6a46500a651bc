package solver

// name is family[key]. Families are few and shared, keys belong to the caller: a variable of a
// large model costs no string of its own.
type name struct {
	family int32
	key    string
}

// names holds the families of one model.
type names struct {
	list []string
	ids  map[string]int32
}

func (n *names) id(family string) int32 {
	if len(n.list) > 0 && n.list[len(n.list)-1] == family {
		return int32(len(n.list) - 1)
	}
	id, ok := n.ids[family]
	if !ok {
		if n.ids == nil {
			n.ids = map[string]int32{}
		}
		id = int32(len(n.list))
		n.ids[family] = id
		n.list = append(n.list, family)
	}
	return id
}

func (n *names) full(of name) string {
	if of.key == "" {
		return n.list[of.family]
	}
	return n.list[of.family] + "[" + of.key + "]"
}
