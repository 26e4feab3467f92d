package toolstest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Fault is how a registry fails.
type Fault string

// The faults.
const (
	None     Fault = ""
	Hang     Fault = "hang"     // it takes the request, and says nothing
	Broken   Fault = "broken"   // 500
	Truncate Fault = "truncate" // half of what was promised
	Tamper   Fault = "tamper"   // another content
)

// Server serves files, and fails where it is told to.
type Server struct {
	URL string

	mu     sync.Mutex
	files  map[string]file
	faults map[string]Fault
	asked  chan string
	gone   chan string
}

// file is what is served: honest, or the one that was tampered with.
type file struct{ data, tampered []byte }

func newServer(t testing.TB) *Server {
	s := &Server{files: map[string]file{}, faults: map[string]Fault{}, asked: make(chan string, 1000), gone: make(chan string, 1000)}
	over := make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, over) }))
	t.Cleanup(func() {
		close(over)
		h.CloseClientConnections()
		h.Close()
	})
	s.URL = h.URL
	return s
}

// Fail makes the server fail for paths with this end.
func (s *Server) Fail(suffix string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[suffix] = f
}

// Asked is told the paths that are asked for.
func (s *Server) Asked() <-chan string { return s.asked }

// Gone is told the paths that were asked for by who is gone, though the server
// hung.
func (s *Server) Gone() <-chan string { return s.gone }

func (s *Server) put(path string, data, tampered []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = file{data, tampered}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, over <-chan struct{}) {
	path := strings.ReplaceAll(r.URL.Path, "%2f", "/")
	s.mu.Lock()
	f, ok := s.files[path]
	var fault Fault
	for suffix, kind := range s.faults {
		if strings.HasSuffix(path, suffix) {
			fault = kind
		}
	}
	s.mu.Unlock()
	select {
	case s.asked <- path:
	default: // nobody listens
	}
	if strings.HasSuffix(path, "/") { // of PyPI's index
		w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
	}
	switch {
	case fault == Hang:
		select {
		case <-over:
		case <-r.Context().Done():
			s.gone <- path
		}
	case fault == Broken:
		http.Error(w, "something broke", http.StatusInternalServerError)
	case !ok:
		http.NotFound(w, r)
	case fault == Truncate:
		w.Header().Set("Content-Length", itoa(len(f.data)))
		_, _ = w.Write(f.data[:len(f.data)/2]) // and the connection is closed
	case fault == Tamper:
		_, _ = w.Write(f.tampered)
	default:
		_, _ = w.Write(f.data)
	}
}
