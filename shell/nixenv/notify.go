package nixenv

import (
	"sync"
	"time"
)

// notifyEvery is how often progress is told at most.
const notifyEvery = 100 * time.Millisecond

// notifier tells the latest progress, in a goroutine of its own: whoever is
// told may take as long as it likes, and holds nobody up.
type notifier struct {
	tell func(Progress)
	wake chan struct{} // holds one mark while there is something to tell
	quit chan struct{}
	done chan struct{}

	mu     sync.Mutex
	latest Progress
}

func startNotifier(tell func(Progress)) *notifier {
	n := &notifier{tell: tell, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go n.run()
	return n
}

// set replaces what is to be told, and returns at once.
func (n *notifier) set(p Progress) {
	n.mu.Lock()
	same := p == n.latest
	n.latest = p
	n.mu.Unlock()
	if same {
		return
	}
	select {
	case n.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (n *notifier) run() {
	defer close(n.done)
	for {
		select {
		case <-n.quit:
			return
		case <-n.wake:
		}
		n.mu.Lock()
		p := n.latest
		n.mu.Unlock()
		n.tell(p)
		select {
		case <-n.quit:
			return
		case <-time.After(notifyEvery):
		}
	}
}

// stop ends the telling: when it returns, nobody is being told, nor will be.
func (n *notifier) stop() {
	close(n.quit)
	<-n.done
}
