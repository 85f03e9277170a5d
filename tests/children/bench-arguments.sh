# Prints what it was given, a line for each.
printf '%s\n' "$@"
