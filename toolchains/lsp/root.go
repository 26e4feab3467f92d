package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"path/filepath"
)

// firstRoot finds the directory that the first message is about in as much of
// it as is there: by rootUri, else by the first of the workspaceFolders, else by
// rootPath. whole says that no more of the message is needed.
func firstRoot(data []byte) (dir string, whole bool) {
	r := bufio.NewReader(bytes.NewReader(data))
	length, err := readHeaders(r)
	if err != nil {
		return "", hasHeaderEnd(data) // what follows is no message at all
	}
	body := make([]byte, 0, len(data))
	for len(body) < cap(body) {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err != nil {
			break
		}
	}
	whole = len(body) >= length
	body = body[:min(len(body), length)]
	roots, done := scan(body)
	return roots.dir(), whole || done
}

func hasHeaderEnd(data []byte) bool {
	return bytes.Contains(data, []byte("\r\n\r\n")) || len(data) > maxHeader
}

// roots are what initialize says of where its client works.
type roots struct {
	method, uri, path, folder string
	params                    bool // they have been read whole
}

func (r roots) dir() string {
	if r.method != "initialize" && r.method != "" {
		return "" // the client begins with something else
	}
	for _, u := range []string{r.uri, r.folder} {
		if p := localPath(u); p != "" {
			return p
		}
	}
	if filepath.IsAbs(r.path) {
		return filepath.Clean(r.path)
	}
	return ""
}

// localPath is the path of a file's URI, "" if it has none here.
func localPath(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) {
		return ""
	}
	return filepath.Clean(u.Path)
}

// scan reads a message that may be cut short anywhere. Clients send long lists
// of what they can do: where these come last, they need not be there.
func scan(body []byte) (found roots, done bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return found, err == nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return found, false
		}
		switch key {
		case "method":
			if err := d.Decode(&found.method); err != nil {
				return found, false
			}
		case "params":
			if !found.scanParams(d) {
				return found, false
			}
			if found.params = true; found.uri != "" {
				return found, true
			}
		default:
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return found, false
			}
		}
		if found.params && found.method != "" {
			return found, true
		}
	}
	return found, false
}

// scanParams reads the params, and reports whether it needs no more of them.
func (r *roots) scanParams(d *json.Decoder) bool {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return err == nil // null, or a list of nothing: no roots
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return false
		}
		switch key { // null leaves "" as it is
		case "rootUri":
			if json.Unmarshal(value, &r.uri) == nil && r.uri != "" {
				return true
			}
		case "rootPath":
			_ = json.Unmarshal(value, &r.path)
		case "workspaceFolders":
			var folders []struct{ URI string }
			if json.Unmarshal(value, &folders) == nil && len(folders) > 0 {
				r.folder = folders[0].URI
			}
		}
	}
	_, err := d.Token()
	return err == nil
}
