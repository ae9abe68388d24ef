#!/bin/sh
# Makes the manual pages, and the completions for bash, zsh and fish, of the programs in a folder, from their own --help.
#
#   manual.sh PROGRAMS SHARE VERSION     SHARE gets man, bash-completion, zsh and fish, as /usr/share has them
set -eu

# Called by help2man in the place of a program: its help with the headings that manual pages have.
if [ -n "${ORK_MANUAL_OF:-}" ]; then
    "$ORK_MANUAL_OF" --help |
        sed -e 's/^OVERVIEW: //' -e 's/^USAGE: /Usage: /' -e 's/^\([A-Z][A-Z ]*\):$/*\1*/'
    exit
fi

self=$(realpath "$0") version=$3
mkdir -p "$2"
share=$(realpath "$2")
pages=$share/man/man1 bash=$share/bash-completion/completions
zsh=$share/zsh/site-functions fish=$share/fish/vendor_completions.d
mkdir -p "$pages" "$bash" "$zsh" "$fish"
common=$(mktemp)
trap 'rm -f "$common"' EXIT

# What is the same in every program.
cat >"$common" <<'TEXT'
[ENVIRONMENT]
.TP
.B OPENROUTER_MANAGEMENT_KEY
makes, changes and deletes keys: for ork-create, ork-retire, ork-rollback, ork-due and ork-status --ask; ork-init lists keys with it
.TP
.BR ORK_IDENTITY ", " ORK_IDENTITY_FILE
the identity that this stage signs with, and that the key is sealed to; without one it is made on first use
.TP
.B ORK_PLUGIN_PATH
folders with publishers, which are searched before those in PATH

[EXIT STATUS]
0 done, 1 failed, 64 a mistake in the options, 65 a configuration or a handoff that is not acceptable, 69 a service that
cannot be reached, 75 not yet, 77 denied, 130 or 143 stopped by a signal

[SEE ALSO]
share/doc/ork/README.md, below the prefix that ork is installed in
TEXT

# By relative paths, so that no page depends on where it was made.
cd "$1"
for path in ./*; do
    program=$(basename "$path")
    # Publishers are called by the steps alone; each has a README.
    case $program in ork-publisher-*) continue ;; esac
    purpose=$("$path" --help | sed -n '/^$/q; s/^OVERVIEW: //; p' | tr '\n' ' ' | sed 's/\. *$//')
    name=$(printf %s "$program" | tr '[:lower:]' '[:upper:]')
    # The first line tells from what the page was made, which is this script.
    ORK_MANUAL_OF=$path help2man --no-info --locale C.UTF-8 --version-string "$version" --name "$purpose" \
        --include "$common" "$self" | sed -e 1d -e "s/manual\\.sh/$program/g; s/MANUAL\\.SH/$name/g" | gzip -9n >"$pages/$program.1.gz"
    "$path" --generate-completion-script bash >"$bash/$program"
    "$path" --generate-completion-script zsh >"$zsh/_$program"
    "$path" --generate-completion-script fish >"$fish/$program.fish"
done
