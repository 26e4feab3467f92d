// Package watch tells which of many files may have changed, while they change:
// in few words, however many events there were.
//
// It owns inotify: it watches directories, since editors and other careful
// programs replace files, and what lies above a directory that is not there
// yet. It compares no contents and knows nothing of projects. What it could not
// watch it says; who relies on it looks for itself then.
package watch
