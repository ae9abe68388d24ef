# shellcheck shell=sh
# What rehearse.sh --rollback rehearses: two rotations that are taken back while the application keeps calling, one after
# its key was published, one after the old key was disabled.
# shellcheck disable=SC2154 # rehearse.sh sets application, here, recipient and stage

cat >ork.yaml <<YAML
version: 1
rotations:
  checkout:
    predecessor: {name: checkout-prod}
    publish: {settle: 2s}
    targets:
      repository:
        publisher: git
        with:
          remote: $stage/config.git
          branch: main
          path: prod.env.age
          name: OPENROUTER_API_KEY
          encrypt: age
          recipients: [$recipient]
          identity: $stage/age.txt
      application: {publisher: file, wave: 2, with: {path: .env, name: OPENROUTER_API_KEY}}
    verify: {require_adoption: false}
    retire: {overlap: 3s, quiet_for: 3s, soak: 3s}
YAML
unset CI GITHUB_ACTIONS GITLAB_CI
cp .env before.env

# Whether the application and the repository hold the old key again.
is_back() {
    cmp -s .env before.env && git -C config.git show main:prod.env.age | age -d -i age.txt | cmp -s - before.env
}

publish() {
    for program in ork-create ork-publish ork-verify ork-publish; do "$program"; done
    sleep 1
    ork-verify
}

say 'A new key is published, and the application works with it.'
publish

say 'It is not wanted after all. What going back would do:'
ork-rollback --dry-run

say 'Going back with rotate.sh --rollback …'
ORK_WAIT=1m "$here/rotate.sh" --rollback
is_back
say 'The application and the repository hold the old key; the new one is deleted.'

say 'Another rotation comes further: the old key is disabled, and soaks.'
mv ork-handoff.json first.json
publish
status=0
ork-retire --wait 30s --soak 1h || status=$?
[ "$status" = 75 ]

say 'Going back from there enables it first …'
ORK_WAIT=1m "$here/rotate.sh" --rollback
is_back
say 'The application and the repository hold the old key again.'

sleep 1
kill "$application"
wait "$application" 2>/dev/null || true
say 'Where the rotation stands (ork-status):'
ork-status

made=$(wc -l <calls | tr -d ' ')
failed=$(grep -cv ' 200$' calls || true)
say "The application made $made calls; $failed failed."
[ "$made" -gt 0 ] && [ "$failed" = 0 ]
