package peers

import (
	"context"
	"os"
	"sync"
	"testing"
)

var versions = sync.OnceValues(func() ([]string, error) { return Versions(context.Background()) })

// Need is for tests that compare with the peers: without them it ends the test, as failed where LOTWISE_PEERS is
// `required` (make test sets it), else as skipped.
func Need(t testing.TB) {
	t.Helper()
	if _, err := versions(); err != nil {
		if os.Getenv("LOTWISE_PEERS") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
