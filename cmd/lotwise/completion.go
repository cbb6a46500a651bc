package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/inputs/cases"
)

// shells are those that completion knows.
var shells = []string{"bash", "zsh", "fish"}

var completionCommand = &cli.Command{
	Name:      "completion",
	Usage:     "a script that completes commands, flags and names in a shell",
	UsageText: "lotwise completion bash|zsh|fish",
	Description: "Examples:\n" +
		"  source <(lotwise completion bash)                                # in ~/.bashrc\n" +
		"  source <(lotwise completion zsh)                                 # in ~/.zshrc\n" +
		"  lotwise completion fish > ~/.config/fish/completions/lotwise.fish",
	Action: func(cc *cli.Context) error {
		given, err := arguments(cc, "SHELL")
		if err != nil {
			return err
		}
		if !slices.Contains(shells, given[0]) {
			return usage("no completion for the shell %q%s", given[0], didYouMean(given[0], shells))
		}
		complete(cc.App.Writer, cc.App, given[0])
		return nil
	},
}

// complete writes the script of a shell.
func complete(w io.Writer, app *cli.App, shell string) {
	names := commandNames(app)
	if shell == "fish" {
		fmt.Fprintln(w, "complete -c lotwise -n __fish_use_subcommand -f")
		for _, c := range app.Commands {
			fmt.Fprintf(w, "complete -c lotwise -n __fish_use_subcommand -a %s -d %s\n", c.Name, quoted(c.Usage))
			on := fmt.Sprintf("'__fish_seen_subcommand_from %s'", c.Name)
			for _, f := range c.Flags {
				takes := ""
				if values, ok := f.(cli.DocGenerationFlag); ok && values.TakesValue() {
					takes = " -r"
				}
				fmt.Fprintf(w, "complete -c lotwise -n %s -l %s%s -d %s\n", on, f.Names()[0], takes, quoted(usageOf(f)))
			}
			if words := wordsOf(c.Name); len(words) > 0 {
				fmt.Fprintf(w, "complete -c lotwise -n %s -a %s\n", on, quoted(strings.Join(words, " ")))
			}
		}
		return
	}
	if shell == "zsh" {
		fmt.Fprintln(w, "autoload -U +X bashcompinit && bashcompinit")
	}
	fmt.Fprint(w, "_lotwise() {\n  local word=${COMP_WORDS[COMP_CWORD]} words\n  COMPREPLY=()\n")
	fmt.Fprintf(w, "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W %s -- \"$word\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n", quoted(strings.Join(names, " ")))
	for _, c := range app.Commands {
		var flags []string
		for _, f := range c.Flags {
			flags = append(flags, "--"+f.Names()[0])
		}
		fmt.Fprintf(w, "    %s) if [[ $word == -* ]]; then words=%s; else words=%s; fi ;;\n", c.Name, quoted(strings.Join(flags, " ")), quoted(strings.Join(wordsOf(c.Name), " ")))
	}
	fmt.Fprint(w, "    help) words="+quoted(strings.Join(names, " "))+" ;;\n  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n")
	fmt.Fprintln(w, "complete -o default -o bashdefault -F _lotwise lotwise")
}

// wordsOf are the names that a command takes beside files.
func wordsOf(command string) []string {
	switch command {
	case "check", "allocate", "bid", "solve", "sweep", "verify":
		return cases.Names()
	case "schema":
		var names []string
		for _, t := range inputs.Tables {
			names = append(names, t.Name)
		}
		return names
	case "completion":
		return shells
	}
	return nil
}

// usageOf is what a flag's help says, on one line.
func usageOf(f cli.Flag) string {
	if d, ok := f.(cli.DocGenerationFlag); ok {
		return strings.ReplaceAll(d.GetUsage(), "`", "")
	}
	return ""
}

// quoted is text in single quotes as shells read them.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
