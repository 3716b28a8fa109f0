start=$PWD; cd tree; pwd; cd inner && pwd; cd ..; pwd; cd -; cd "$start/tree/../tree"; pwd; cd "$start"
(cd tree; pwd); pwd; cd nowhere 2>/dev/null || echo failed; cd tree/a.txt 2>/dev/null || echo no folder
HOME=$start/tree; cd; pwd; echo ~ ~/x "~" x~; cd ~/inner; pwd; echo $OLDPWD
