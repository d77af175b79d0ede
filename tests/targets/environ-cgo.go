// SPDX-License-Identifier: LGPL-2.1-or-later

// Built together with environ.go: makes it a program of Go and C. C has a variable that Go knows nothing of.
package main

// #include <stdlib.h>
// static int change(void) { return setenv("OF_C", "1", 1); }
import "C"

func init() {
	if C.change() != 0 {
		panic("setenv")
	}
}
