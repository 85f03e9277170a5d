# Ends well, but leaves something running, and notes its number beside itself.
sleep 600 &
echo $! > child
echo done
