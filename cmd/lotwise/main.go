package main

import (
	"fmt"

	"lotwise/solver/highs"
)

func main() { fmt.Println(highs.Version()) }
