package document

// Int reads an integer.
func (t *Table) Int(key string) int64 {
	n, _ := value[int64](t, key, "a whole number")
	return n
}
