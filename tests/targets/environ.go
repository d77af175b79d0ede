// SPDX-License-Identifier: LGPL-2.1-or-later

// Changes its environment as its arguments say, and waits to be read. When it goes on, it says what it has itself.
package main

import (
	"fmt"
	"os"
	"strconv"
)

// What else a program may have that looks like an environment: a copy, a copy that was changed, and a list of other
// things. They stay, as they are used at the end.
var (
	saved   = os.Environ()
	changed = append(os.Environ(), "FIRST=wrong", "WRONG=1")
	others  = []string{"PATH=/nowhere", "HOME=/nowhere", "LANG=C"}
	empty   = []string{}
)

func change(args []string) {
	for len(args) > 0 {
		var err error
		n := 1

		switch args[0] {
		case "set":
			err = os.Setenv(args[1], args[2])
			n = 3
		case "unset":
			err = os.Unsetenv(args[1])
			n = 2
		case "clear":
			os.Clearenv()
		case "many":
			n = 2
			count, _ := strconv.Atoi(args[1])
			for i := 0; i < count && err == nil; i++ {
				err = os.Setenv(fmt.Sprintf("MANY_%d", i), strconv.Itoa(i*i))
			}
		default:
			err = fmt.Errorf("what is %s?", args[0])
		}

		if err != nil {
			panic(err)
		}
		args = args[n:]
	}
}

func main() {
	var line [1]byte

	changed[0] = "CHANGED=wrong"
	change(os.Args[1:])
	fmt.Println("READY")
	if n, _ := os.Stdin.Read(line[:]); n == 0 {
		return
	}

	for _, entry := range os.Environ() {
		fmt.Println(entry)
	}
	fmt.Println("END")
	os.Stdin.Read(line[:])
	fmt.Fprintln(os.Stderr, len(saved), len(changed), len(others), len(empty))
}
