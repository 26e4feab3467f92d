package lsp

import (
	"encoding/json"
	"errors"
	"fmt"
)

// message is a request, a reply or a notification of JSON-RPC.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *replyError     `json:"error,omitempty"`
}

// replyError is an error that a server answers with.
type replyError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *replyError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// Codes of JSON-RPC and of the protocol.
const (
	methodNotFound   = -32601
	contentModified  = -32801
	requestCancelled = -32800
	serverCancelled  = -32802
)

// again reports whether an error says that the same may be asked once more.
func again(err error) bool {
	var e *replyError
	return errors.As(err, &e) && (e.Code == contentModified || e.Code == requestCancelled || e.Code == serverCancelled)
}

// answer is what a client that has no settings and can show nothing says to a
// request of the server's. Some servers wait for it before they go on.
func answer(m message, folder string) message {
	reply := message{JSONRPC: "2.0", ID: m.ID, Result: json.RawMessage("null")}
	switch m.Method {
	case "workspace/configuration":
		var p struct {
			Items []json.RawMessage `json:"items"`
		}
		_ = json.Unmarshal(m.Params, &p) // without items there is nothing to answer
		reply.Result = mustJSON(make([]any, len(p.Items)))
	case "workspace/workspaceFolders":
		reply.Result = mustJSON([]any{map[string]string{"uri": folder, "name": "proof"}})
	case "workspace/applyEdit":
		reply.Result = mustJSON(map[string]bool{"applied": false})
	case "client/registerCapability", "client/unregisterCapability", "window/workDoneProgress/create",
		"window/showMessageRequest", "workspace/diagnostic/refresh", "workspace/semanticTokens/refresh",
		"workspace/inlayHint/refresh", "workspace/codeLens/refresh":
	default:
		reply.Result, reply.Error = nil, &replyError{methodNotFound, "the proof does not know " + m.Method}
	}
	return reply
}

// mustJSON encodes what always can be.
func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a value of this package that JSON has no form for
	}
	return data
}
