// Package format runs formatters over many files: many files in each process,
// several processes at once, and none for a file that is known to be formatted.
//
// A formatter never touches the files themselves. It works in a mirror: a
// temporary directory with copies of the files, beside links to the
// configuration that is found from them. What comes out is looked at, and only
// then takes the place of the file, by rename. So a formatter that fails, is
// killed or writes rubbish changes nothing, and none has to know how to read
// standard input.
//
// The package owns the files to format, the mirror, the batches and the memory
// of what is formatted. It must not know any formatter, nor choose one.
package format
