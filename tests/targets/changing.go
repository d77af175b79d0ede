// SPDX-License-Identifier: LGPL-2.1-or-later

// What changing.c does with "setenv", in Go: GEN_A and then GEN_B are set to the same growing number, again and again.
// Other goroutines set a variable to what it has already, and keep the garbage collector busy.
package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

var garbage atomic.Value

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func change(beats *uint64) {
	for n := 1; ; n++ {
		value := fmt.Sprintf("%d%*s", n, n%40, "")
		must(os.Setenv("GEN_A", value))
		must(os.Setenv("GEN_B", value))

		// A variable that was deleted keeps its place, and gets a new one: not too often.
		switch n % 10000 {
		case 0:
			must(os.Unsetenv("FLICKER"))
		case 5000:
			must(os.Setenv("FLICKER", "on"))
		}
		atomic.AddUint64(beats, 1)
	}
}

func disturb() {
	for {
		must(os.Setenv("A", "1"))
		garbage.Store(make([]byte, 4096))
	}
}

func main() {
	var line [1]byte

	page, err := syscall.Mmap(3, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	must(err)
	beats := (*uint64)(unsafe.Pointer(&page[0]))

	go change(beats)
	for i := 0; i < 3; i++ {
		go disturb()
	}
	for atomic.LoadUint64(beats) < 1000 {
	}

	fmt.Println("READY")
	os.Stdin.Read(line[:])
}
