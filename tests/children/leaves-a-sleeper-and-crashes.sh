# Dies as an aborting driver does, and leaves something running.
sleep 600 &
echo $! > child
kill -ABRT $$
