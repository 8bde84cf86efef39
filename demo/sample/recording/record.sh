#!/usr/bin/env bash
# Records demo/sample/access.log: nginx serves a folder of pages to curl, wrk, a
# browser and a list of probing paths. Needs nginx, wrk, curl, chromium, deno.
#
#   demo/sample/recording/record.sh PAGES_FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pages=$(cd "$1" && pwd)
folder=$(mktemp -d)
cd "$folder"
chmod 755 .
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT

mkdir -p site/private
cp -r "$pages"/. site/
echo secret >site/private/keys.txt
printf 'ann:{PLAIN}clickstream\n' >users
cat >site/site.css <<<'body { font: 16px/1.5 serif; max-width: 40em; margin: auto }'
(cd site && find . -type f -name '*.*' ! -path './private/*' | sed 's|^\.||' | sort) >pages.txt
{
  echo '<!doctype html><title>Pages</title><link rel=stylesheet href=/site.css><ul>'
  sed 's|.*|<li><a href="&">&</a>|' pages.txt
  echo '</ul><img src=/logo.png><script src=/api/status></script>'
} >site/index.html
printf '/\n/home\n/api/status\n/api/report/1\n/api/report/2\n/api/search\n/api/broken\n/downloads/architecture.md\n' >>pages.txt

sed "s|@FOLDER@|$folder|g" "$here/nginx.conf" >nginx.conf
nginx -e "$folder/error.log" -c "$folder/nginx.conf" &
deno run --allow-net=127.0.0.1:8087 "$here/slow_service.ts" &
until curl -s -o /dev/null http://127.0.0.1:8086/; do sleep 0.1; done
site=http://127.0.0.1:8086

# People who read.
wrk -t2 -c12 -d55s -s "$here/browse.lua" "$site" >/dev/null &
browse=$!

# A browser, with what it fetches by itself.
for page in / $(head -8 pages.txt) /api/report/9; do
  chromium --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" \
    --dump-dom "http://127.0.0.2:8086$page" >/dev/null 2>&1 || true
done &
browser=$!

# Scripts: downloads, ranges, conditional requests, wrong methods, a login.
scripts() {
  local page
  for round in 1 2 3 4; do
    while read -r page; do
      curl -s -o /dev/null "$site$page"
      curl -s -o /dev/null -I -e "$site/" "$site$page"
      curl -s -o /dev/null -r 0-999 -A 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' "$site$page"
      curl -s -o /dev/null -H "If-Modified-Since: $(date -R -u)" --interface "127.0.0.$((round + 10))" "$site$page"
    done <pages.txt
    curl -s -o /dev/null -X POST -d 'a=1' "$site/"
    curl -s -o /dev/null -X DELETE "$site/index.html"
    curl -s -o /dev/null -u ann:clickstream "$site/admin/index.html"
    curl -s -o /dev/null -u ann:wrong "$site/admin/index.html"
    curl -s -o /dev/null --max-time 0.3 "$site/downloads/$(basename "$(ls -S site/*.* | head -1)")" || true
  done
}
scripts &
scripts=$!

# Large downloads over a slow line.
for file in $(cd site && ls -S *.* | head -6); do
  curl -s -o /dev/null -A 'Wget/1.21.3' "$site/downloads/$file" &
done

# What finds every open port within the hour.
probes() {
  for round in 1 2 3 4 5 6; do
    while read -r path; do
      curl -s -o /dev/null -g --path-as-is --interface "127.0.0.$((20 + round))" \
        -A 'Mozilla/5.0 zgrab/0.x' "http://127.0.0.3:8086$path"
    done <"$here/probe_paths.txt"
    curl -s -k -o /dev/null https://127.0.0.3:8086/ || true
    printf 'GET /\x01\x02 HTTP/9.9\r\n\r\n' | timeout 1 bash -c 'cat >/dev/tcp/127.0.0.3/8086' || true
    printf 'SSH-2.0-Go\r\n' | timeout 1 bash -c 'cat >/dev/tcp/127.0.0.3/8086' || true
    sleep 2
  done
}
probes &
probes=$!

wait "$browse" "$browser" "$scripts" "$probes"
sleep 3
kill -QUIT "$(cat nginx.pid)"
sleep 1
cp access.log "$here/../access.log"
wc -l <"$here/../access.log"
