@echo off
rem Takes what is whole in the watched folder and ends; the Task Scheduler starts it every five minutes.
cd /d "@FOLDER@"
"@COMMAND@" watch --once 2>> "running\watch.log"
