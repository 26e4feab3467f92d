// Package agentmark knows by which variables coding agents show that they,
// and not a person, are running a command.
package agentmark

import "github.com/hbohlen/devsh/shell/env"

// marks are the variables that agents set for the commands they run. Sources:
// each program's documentation or source.
var marks = []string{
	"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", // Claude Code
	"OPENCODE", "OPENCODE_CALLER", // opencode
	"CODEX_SANDBOX", "CODEX_THREAD_ID", // Codex
	"GEMINI_CLI",   // Gemini CLI
	"CURSOR_AGENT", // Cursor
	"GOOSE_TERMINAL",
	"AMP_CURRENT_THREAD_ID",
	"COPILOT_AGENT", "COPILOT_CLI",
	"AI_AGENT", "AGENT", // proposed common names
}

// Find returns the name of a mark that is set and not empty, or "".
func Find(e env.Env) string {
	for _, m := range marks {
		if e[m] != "" {
			return m
		}
	}
	return ""
}
