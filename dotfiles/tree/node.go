package tree

import (
	"github.com/tailscale/hujson"
)

// Node is a value within a document, until the object or array that it is in
// is edited. The zero Node is no value.
type Node struct {
	doc   *Doc
	value *hujson.Value
}

// Kind is what sort of value it is: 'n', 'f', 't', '"', '0', '{', '[' as in
// package hujson, 0 for none.
func (n Node) Kind() byte {
	if n.value == nil {
		return 0
	}
	return byte(n.value.Value.Kind())
}

// Exists reports whether there is a value.
func (n Node) Exists() bool { return n.value != nil }

// Text is the value of a string, and nothing for other values.
func (n Node) Text() string {
	if n.Kind() != '"' {
		return ""
	}
	return n.value.Value.(hujson.Literal).String()
}

// Source is the value as it is written, without what stands around it.
func (n Node) Source() string {
	if n.value == nil {
		return ""
	}
	return string(hujson.Value{Value: n.value.Value}.Pack())
}

// Keys are an object's keys in their order, each once.
func (n Node) Keys() []string {
	keys, _ := n.Members()
	return keys
}

// Members are an object's keys in their order, each once, and their values:
// of a key that is there twice the last, since that is the one that programs read.
func (n Node) Members() ([]string, map[string]Node) {
	object := n.object()
	if object == nil {
		return nil, nil
	}
	values := make(map[string]Node, len(object.Members))
	keys := make([]string, 0, len(object.Members))
	for i := range object.Members {
		key := name(object.Members[i])
		if _, twice := values[key]; !twice {
			keys = append(keys, key)
		}
		values[key] = Node{n.doc, &object.Members[i].Value}
	}
	return keys, values
}

// Get is the value of a key, as Members has it.
func (n Node) Get(key string) Node {
	object := n.object()
	if object == nil {
		return Node{}
	}
	for i := len(object.Members) - 1; i >= 0; i-- {
		if name(object.Members[i]) == key {
			return Node{n.doc, &object.Members[i].Value}
		}
	}
	return Node{}
}

// Elements are an array's values.
func (n Node) Elements() []Node {
	array := n.array()
	if array == nil {
		return nil
	}
	nodes := make([]Node, len(array.Elements))
	for i := range array.Elements {
		nodes[i] = Node{n.doc, &array.Elements[i]}
	}
	return nodes
}

// Duplicates are the keys that an object within the value has more than once,
// each as the path to it.
func (n Node) Duplicates() [][]string { return duplicates(n, nil) }

func duplicates(n Node, path []string) [][]string {
	var found [][]string
	if object := n.object(); object != nil {
		seen := make(map[string]int, len(object.Members))
		for i := range object.Members {
			key := name(object.Members[i])
			here := append(path[:len(path):len(path)], key)
			if seen[key]++; seen[key] == 2 {
				found = append(found, here)
			}
			found = append(found, duplicates(Node{n.doc, &object.Members[i].Value}, here)...)
		}
	}
	for _, e := range n.Elements() {
		found = append(found, duplicates(e, append(path[:len(path):len(path)], "[]"))...)
	}
	return found
}

func (n Node) object() *hujson.Object {
	if n.value == nil {
		return nil
	}
	object, _ := n.value.Value.(*hujson.Object)
	return object
}

func (n Node) array() *hujson.Array {
	if n.value == nil {
		return nil
	}
	array, _ := n.value.Value.(*hujson.Array)
	return array
}

func name(m hujson.ObjectMember) string { return m.Name.Value.(hujson.Literal).String() }
