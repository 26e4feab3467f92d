// Package find says where a tool is: what the project brings, if that may be
// looked at, then what devsh manages, then what the system's PATH has; and which
// of these can run at all. Being on PATH proves nothing: a proxy without its
// component, a script without its interpreter and a program without its loader
// are told, and passed over.
//
// It reads files and runs nothing, neither the project's code nor anybody's. It
// must not decide whether a project is allowed, nor install anything.
package find
