// SPDX-License-Identifier: LGPL-2.1-or-later

// A part in Go of a program whose main() is C's, library.c.
package main

import "C"
import "os"

//export change_in_go
func change_in_go() {
	os.Setenv("OF_GO", "1")
}

func main() {}
