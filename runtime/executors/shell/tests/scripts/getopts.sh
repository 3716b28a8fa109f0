while getopts ab:c opt -a -b val -c rest; do echo "$opt [$OPTARG] $OPTIND"; done; echo $OPTIND
OPTIND=1; set -- -ab1 -- x; while getopts ab: o; do echo "$o [$OPTARG]"; done; shift $((OPTIND-1)); echo "$@"
OPTIND=1; while getopts :x: o -y -x; do echo "$o [$OPTARG]"; done
