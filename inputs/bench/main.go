// Command bench writes a case with many bids and times the reading of it, every check included; run.sh
// beside it times pandas on the same file.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"lotwise/inputs"
)

func main() {
	log.SetFlags(0)
	rows := flag.Int("rows", 1_000_000, "rows of bids.csv")
	times := flag.Int("times", 5, "readings, of which the fastest counts")
	write := flag.Bool("write", false, "write the case instead of reading it")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: bench [flags] FOLDER")
	}
	folder := flag.Arg(0)
	if *write {
		if err := writeCase(folder, *rows); err != nil {
			log.Fatal(err)
		}
		return
	}
	best := time.Duration(0)
	for range *times {
		runtime.GC() // each reading pays for its own garbage alone
		start := time.Now()
		c, err := inputs.Read(folder)
		took := time.Since(start)
		if err != nil {
			log.Fatal(err)
		}
		if len(c.Bids) == 0 {
			log.Fatal("no bids were read")
		}
		if best == 0 || took < best {
			best = took
		}
	}
	fmt.Printf("%.4f\n", best.Seconds())
}

// writeCase writes 20,000 lots, 500 bidders and as many rows of bids, one in four in a package, with
// the same numbers whenever it runs.
func writeCase(folder string, rows int) error {
	const lots, bidders = 20_000, 500
	random := rand.New(rand.NewPCG(1, 2))
	tables := map[string]func(*bufio.Writer){
		"lots.csv": func(w *bufio.Writer) {
			fmt.Fprintln(w, "lot,zone,service,capacity,reserve,cost,rural")
			for l := range lots {
				fmt.Fprintf(w, "%05d_same,%03d,same_day,%d,%.2f,%.2f,%d\n", l, l/100, 100+random.IntN(5000), 1+2*random.Float64(), random.Float64(), l%2)
			}
		},
		"bidders.csv": func(w *bufio.Writer) {
			fmt.Fprintln(w, "bidder,class,budget,max_volume,access_cost")
			for b := range bidders {
				fmt.Fprintf(w, "Bidder %03d,small,,,0.40\n", b)
			}
		},
		"bids.csv": func(w *bufio.Writer) {
			fmt.Fprintln(w, "bidder,bid,lot,quantity,price,amount,min_fraction,group,requires")
			for row := range rows {
				bidder := row * bidders / rows
				quantity, price := 1+random.IntN(3000), 1+5*random.Float64()
				if row%16 < 4 {
					fmt.Fprintf(w, "Bidder %03d,package %d,%05d_same,%d,%.2f,,0.5,g%d,\n", bidder, row/16, (row*7919)%lots, quantity, price, row/160)
				} else {
					fmt.Fprintf(w, "Bidder %03d,,%05d_same,%d,%.4f,,,,\n", bidder, (row*7919)%lots, quantity, price)
				}
			}
		},
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"lots.csv", "bidders.csv", "bids.csv"} {
		f, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		tables[name](w)
		if err := w.Flush(); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
