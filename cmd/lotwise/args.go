package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// helps are the names of the command and of the flag for help.
var helps = []string{"help", "h"}

// flagsFirst returns the arguments with the flags of the command before its other arguments, which is
// the only order that cli takes: it reads a flag after the first argument as an argument
// (https://github.com/urfave/cli/issues/976). What follows -- stays as it is. An unknown flag, a flag
// given twice and a flag without its value are errors of usage.
func flagsFirst(app *cli.App, args []string) ([]string, error) {
	if len(args) < 2 {
		return args, nil
	}
	command := app.Command(args[1])
	if command == nil {
		if topic := strings.Join(args[2:], " "); slices.Contains(helps, args[1]) && topic != "" && app.Command(topic) == nil {
			return nil, usage("no command %q to help with%s", topic, didYouMean(topic, commandNames(app)))
		}
		return args, nil
	}
	flags := append([]string{}, args[:2]...)
	var rest []string
	seen := map[string]bool{}
	for i := 2; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		flags = append(flags, arg)
		name, _, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if slices.Contains(helps, name) {
			return append(args[:2:2], arg), nil // cli takes what else there is for the topic
		}
		f := flagOf(command, name)
		if f == nil {
			return nil, usage("lotwise %s has no flag %s%s", command.Name, strings.SplitN(arg, "=", 2)[0], didYouMean("--"+name, flagNames(command)))
		}
		main := f.Names()[0]
		if seen[main] {
			return nil, usage("the flag --%s is given twice", main)
		}
		seen[main] = true
		if takes, ok := f.(cli.DocGenerationFlag); ok && takes.TakesValue() && !hasValue {
			i++
			if i == len(args) {
				return nil, usage("the flag %s needs a value", arg)
			}
			flags = append(flags, args[i])
		}
	}
	if rest != nil {
		flags = append(append(flags, "--"), rest...)
	}
	return flags, nil
}

func flagOf(command *cli.Command, name string) cli.Flag {
	for _, f := range command.Flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	return nil
}

func flagNames(command *cli.Command) (names []string) {
	for _, f := range command.Flags {
		names = append(names, "--"+f.Names()[0])
	}
	return names
}

// arguments returns the arguments of a command that takes exactly these.
func arguments(cc *cli.Context, names ...string) ([]string, error) {
	given := cc.Args().Slice()
	if len(given) < len(names) {
		return nil, usage("%s is missing: %s", names[len(given)], cc.Command.UsageText)
	}
	if len(given) > len(names) {
		return nil, usage("%q is one argument too many: %s", given[len(names)], cc.Command.UsageText)
	}
	for i, a := range given {
		if a == "" {
			return nil, usage("%s is blank", names[i])
		}
	}
	return given, nil
}

// likely is the Jaro-Winkler similarity from which a word is taken for a misspelling of another.
const likely = 0.8

// didYouMean returns a remark that names the word most alike, blank where none is.
func didYouMean(word string, known []string) string {
	best, most := "", likely
	for _, k := range known {
		if s := smetrics.JaroWinkler(strings.ToLower(word), strings.ToLower(k), 0.7, 4); s >= most && (s > most || best == "") {
			best, most = k, s
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
