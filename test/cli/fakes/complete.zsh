# Types $1 into an interactive zsh behind a pseudo-terminal, with ./script sourced, and prints OFFER:word for every
# word that its completion would add. zsh completes nowhere else.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source ./script; stty columns 500 -echo'
zpty -w z 'function show {
  compadd() { builtin compadd -O found "$@"; print -rl -- OFFER:${^found}; builtin compadd "$@" }
  _main_complete
  print DO""NE
}'
zpty -w z 'zle -C show complete-word show; bindkey "^X" show; print READY""NOW'
zpty -r z line '*READYNOW*'
zpty -w -n z "$1"$'\C-x'
zpty -r z line '*DONE*'
print -r -- $line
zpty -d z
