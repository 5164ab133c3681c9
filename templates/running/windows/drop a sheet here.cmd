@echo off
rem Drop spreadsheets on this file: each is checked, and submitted only after a yes.
chcp 65001 >nul
cd /d "@FOLDER@"
if "%~1"=="" (
  echo Drop a spreadsheet on this file.
  pause
  exit /b 2
)
"@COMMAND@" check %*
if errorlevel 2 goto end
echo.
"@COMMAND@" submit %*
:end
echo.
pause
