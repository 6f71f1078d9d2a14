"""A local HTTP server that plays ACRCloud's audio-files API; it shares no code with the client.

`server.serve` runs it until it is signalled, `server.running` inside a `with` block. The modules,
from the socket inwards:

| module        | its one reason                                                     |
|---------------|--------------------------------------------------------------------|
| server        | the socket, threads, signals                                       |
| loopback      | the address that everything here listens on                        |
| faults        | what goes wrong on the way between a client and that socket        |
| app           | routes, the token, errors                                          |
| calls, bucket_calls | one method a call of the API                                 |
| incoming, forms, rules | what was sent -> what is meant, or 422                    |
| answers, laravel | what is remembered -> what is answered, in Laravel's manner     |
| quirks        | what nobody knows of the live service, as settings                 |
| store, buckets, dumps | what there is, and every way to change it                  |
| versions, mutation_log, database, records | how it is remembered                   |
| audio         | what the uploaded bytes are                                        |
| json_text     | JSON as PHP reads it                                               |
| seed          | a catalogue's buckets and pinned files                             |
| console       | the state from behind, for tests and for whoever plays the console |
| errors        | `SandboxError`                                                     |
"""
