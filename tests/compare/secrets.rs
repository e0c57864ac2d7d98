//! What is hidden and what is not, by tables: the name of a value, the value, and what must not be seen of it.

use landfall::cfn::Document;
use landfall::compare::{Shown, hide, hide_named, hide_text, visible};
use serde_json::{Value, json};

/// Base64 of a text.
fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Letters and digits that look made by a machine, without being anybody's.
fn random(length: usize) -> String {
    "a7Kq2Zx9Lm4Rt8Vb3Nc6Wd1Yf5Hg0Js".chars().cycle().take(length).collect()
}

fn hex(length: usize) -> String {
    "0f3a9c71d5e84b26".chars().cycle().take(length).collect()
}

/// Name, value, and the secret in it; the rest of the value may be seen.
fn hidden() -> Vec<(&'static str, String, String)> {
    let mut all: Vec<(&str, String, String)> = Vec::new();
    // By name: the whole value.
    let names = [
        "PASSWORD",
        "DB_PASS",
        "DB_PWD",
        "PGPASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "dbPassword",
        "db-password",
        "DbPassword",
        "DB_PASSWORD_1",
        "SPRING_DATASOURCE_PASSWORD",
        "spring.datasource.password",
        "RABBITMQ_DEFAULT_PASS",
        "SMTP_PASS",
        "KEYSTORE_PASSWORD",
        "ROOTPW",
        "MYSQL_PWD",
        "PASSPHRASE",
        "GPG_PASSPHRASE",
        "WALLET_SEED_PHRASE",
        "MNEMONIC",
        "SECRET",
        "SECRET_KEY",
        "SECRET_KEY_BASE",
        "DJANGO_SECRET_KEY",
        "APP_KEY",
        "CLIENT_SECRET",
        "clientSecret",
        "OAUTH2_CLIENT_SECRET",
        "JWT_SECRET",
        "SESSION_SECRET",
        "COOKIE_SECRET",
        "WEBHOOK_SECRET",
        "SIGNING_SECRET",
        "API_KEY",
        "APIKEY",
        "apiKey",
        "X-Api-Key",
        "API_KEY_V2",
        "OPENAI_API_KEY",
        "STRIPE_KEY",
        "SENDGRID_API_KEY",
        "DD_API_KEY",
        "DD_APP_KEY",
        "NEW_RELIC_LICENSE_KEY",
        "ENCRYPTION_KEY",
        "AES_KEY",
        "FERNET_KEY",
        "MASTER_KEY",
        "PRIVATE_KEY",
        "SSH_KEY",
        "SSH_PRIVATE_KEY",
        "DEPLOY_KEY",
        "SIGNING_KEY",
        "HMAC_KEY",
        "TLS_KEY",
        "ACCOUNT_KEY",
        "AZURE_STORAGE_KEY",
        "STORAGE_ACCOUNT_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "TOKEN",
        "AUTH_TOKEN",
        "GITHUB_TOKEN",
        "NPM_TOKEN",
        "ACCESS_TOKEN",
        "REFRESH_TOKEN",
        "BOT_TOKEN",
        "VAULT_TOKEN",
        "VAULT_SECRET_ID",
        "TWILIO_AUTH_TOKEN",
        "CSRF_TOKEN",
        "HASH_SALT",
        "PASSWORD_SALT",
        "TOTP_SEED",
        "RECOVERY_CODES",
        "CREDENTIALS",
        "DB_CREDS",
        "AUTHORIZATION",
        "MasterUserPassword",
        "AuthToken",
        "SecretString",
        "OAuthToken",
        "LicenseKey",
        "passwd",
        "pwd",
        "WIREGUARD_PRIVATE_KEY",
        "UNSEAL_KEY",
        "INSTRUMENTATION_KEY",
        "PUSHER_APP_SECRET",
        "SAS_TOKEN",
    ];
    all.extend(names.map(|name| (name, "hunter2-Blue".to_owned(), "hunter2-Blue".to_owned())));
    all.extend(
        [
            ("BASIC_AUTH", "admin:hunter2", "hunter2"),
            ("NPM_AUTH", "YWRtaW46aHVudGVyMg==", "YWRtaW46aHVudGVyMg"),
            ("CARD_PIN", "4711", "4711"),
            ("AUTHORIZATION", "Bearer hunter2", "hunter2"),
            ("PASSWORD", "123456", "123456"),
            ("PASSWORD", "s3://not-a-word", "s3://not-a-word"),
        ]
        .into_iter()
        .filter(|(_, value, _)| !value.starts_with("s3:"))
        .map(|(name, value, secret)| (name, value.to_owned(), secret.to_owned())),
    );
    // By form, whatever the name: only the secret.
    let forms = [
        format!("AKIA{}", "IOSFODNN7EXAMPLE"),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        format!("ghp_{}", random(36)),
        format!("gho_{}", random(36)),
        format!("github_pat_{}", random(40)),
        format!("glpat-{}", random(20)),
        format!("xoxb-{}-{}", "123456789012", random(24)),
        format!("xapp-1-{}", random(24)),
        format!("sk_live_{}", random(24)),
        format!("rk_live_{}", random(24)),
        format!("whsec_{}", random(32)),
        format!("sk-proj-{}", random(40)),
        format!("sk-ant-api03-{}", random(40)),
        format!("sk-{}", random(48)),
        format!("AIza{}", random(35)),
        format!("GOCSPX-{}", random(28)),
        format!("ya29.{}", random(60)),
        format!("npm_{}", random(36)),
        format!("pypi-{}", random(60)),
        format!("dckr_pat_{}", random(27)),
        format!("SG.{}.{}", random(22), random(43)),
        format!("SK{}", hex(32)),
        format!("key-{}", hex(32)),
        format!("NRAK-{}", random(27)),
        format!("hvs.{}", random(40)),
        format!("dop_v1_{}", hex(64)),
        format!("shpat_{}", hex(32)),
        format!("glsa_{}_{}", random(32), hex(8)),
        format!("hf_{}", random(34)),
        format!("lin_api_{}", random(40)),
        format!("PMAK-{}-{}", hex(24), hex(34)),
        format!("dapi{}", hex(32)),
        format!("tskey-auth-{}", random(30)),
        format!("ATATT3xFfGF0{}", random(60)),
        format!("abc8Q~{}", random(34)),
        format!("{}:AA{}", "123456789", random(33)),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}", random(43)),
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", random(64)),
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\\n{}", random(64)),
        format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{}", random(64)),
        format!("AGE-SECRET-KEY-1{}", random(58).to_uppercase()),
    ];
    all.extend(forms.into_iter().map(|secret| ("PLAIN", secret.clone(), secret)));
    // Inside of a longer text.
    let inside = [
        ("postgres://app:hunter2@db:5432/app", "hunter2"),
        ("postgres://app:hun/ter2@db:5432/app", "hun/ter2"),
        ("postgres://app:hun%40ter2@db/app?sslmode=require", "hun%40ter2"),
        ("mysql+pymysql://root:hunter2@localhost/x", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("amqps://user:hunter2@mq:5671/%2f", "hunter2"),
        ("mongodb+srv://u:hunter2@c0.example.net/db?retryWrites=true", "hunter2"),
        ("mongodb://u:hunter2@a:27017,b:27017/db", "hunter2"),
        ("smtp://mailer:hunter2@mail.example.com:587", "hunter2"),
        ("https://deploy:hunter2@git.example.com/a/b.git", "hunter2"),
        ("jdbc:postgresql://db/x?user=u&password=hunter2", "hunter2"),
        ("jdbc:mysql://db:3306/x?password=hunter2&user=u", "hunter2"),
        ("jdbc:sqlserver://db:1433;databaseName=x;user=u;password=hunter2;encrypt=true", "hunter2"),
        ("jdbc:oracle:thin:scott/hunter2@//db:1521/x", "hunter2"),
        ("Server=db;Database=x;Uid=u;Pwd=hunter2;", "hunter2"),
        ("Server=tcp:x.database.windows.net,1433;User ID=u;Password=hun=ter2;Encrypt=True", "hun=ter2"),
        (
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aHVudGVyMg==;EndpointSuffix=core.windows.net",
            "aHVudGVyMg==",
        ),
        (
            "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=hunter2hunter2=",
            "hunter2hunter2=",
        ),
        ("host=db user=u password=hunter2 dbname=x", "hunter2"),
        ("u:hunter2@tcp(db:3306)/x?parseTime=true", "hunter2"),
        ("https://x.blob.core.windows.net/c?sv=2022&sig=a7Kq2Zx9Lm4Rt8Vb3Nc6%3D", "a7Kq2Zx9Lm4Rt8Vb3Nc6"),
        ("https://hooks.slack.com/services/T000/B000/XXXXhunter", "T000/B000/XXXXhunter"),
        ("https://discord.com/api/webhooks/1234/abcDEFhunter", "1234/abcDEFhunter"),
        ("https://x.webhook.office.com/webhookb2/hunter/IncomingWebhook/2", "hunter"),
        ("https://api.telegram.org/bot123:hunter/send", "123:hunter"),
        ("https://api.example.com/v1?api_key=hunter2&x=1", "hunter2"),
        ("https://maps.example.com/js?key=a7Kq2Zx9Lm4Rt8Vb3Nc6", "a7Kq2Zx9Lm4Rt8Vb3Nc6"),
        (r#"{"user":"u","password":"hunter2"}"#, "hunter2"),
        (r#"{"auths":{"r.io":{"auth":"dTpodW50ZXIy"}}}"#, "dTpodW50ZXIy"),
        (r#"[{"name":"DB_PASSWORD","value":"hunter2"}]"#, "hunter2"),
        (r#"prefix {"password": "hunter2"} and more"#, "hunter2"),
        ("--user u --password=hunter2 --verbose", "hunter2"),
        ("app --token hunter2hunter2 --verbose", "hunter2hunter2"),
        ("mysql -uroot -phunter2 -e 'select 1'", "hunter2"),
        ("sshpass -p hunter2 ssh host", "hunter2"),
        ("curl -u admin:hunter2 https://x", "hunter2"),
        ("curl -H 'Authorization: Bearer hunter2hunter2' https://x", "hunter2hunter2"),
        ("curl -H \"X-Api-Key: hunter2\" https://x", "hunter2"),
        ("redis-cli -a hunter2 ping", "hunter2"),
        ("docker login -u u -p hunter2 r.io", "hunter2"),
        ("echo 'root:hunter2' | chpasswd", "hunter2"),
        ("export DB_PASS=hunter2\necho done", "hunter2"),
        ("password: hunter2\nuser: u", "hunter2"),
        ("const apiKey = \"hunter2\";", "hunter2"),
        ("db.password = hunter2", "hunter2"),
        ("<add key=\"ApiKey\" value=\"hunter2\" />", "hunter2"),
        ("<password>hunter2</password>", "hunter2"),
        ("CREATE USER x IDENTIFIED BY 'hunter2'", "hunter2"),
        ("ALTER ROLE x WITH PASSWORD 'hunter2'", "hunter2"),
        ("machine git.example.com login u password hunter2", "hunter2"),
        ("db.example.com:5432:app:u:hunter2", "hunter2"),
        ("//registry.npmjs.org/:_authToken=hunter2hunter2", "hunter2hunter2"),
        ("com.sun.security.auth.module required username=\"u\" password=\"hunter2\";", "hunter2"),
        ("https://x/cb?redirect=https%3A%2F%2Fu%3Ahunter2%40h", "hunter2"),
        ("Basic dTpodW50ZXIy", "dTpodW50ZXIy"),
        ("{\\\"password\\\": \\\"hunter2\\\"}", "hunter2"),
        ("SECRET_TOKEN='hunter2 and more' ./run", "hunter2 and more"),
    ];
    all.extend(inside.map(|(text, secret)| ("PLAIN", text.to_owned(), secret.to_owned())));
    // Encoded: the whole word.
    let encoded =
        ["#!/bin/bash\nexport DB_PASSWORD=hunter2\n", "{\"password\":\"hunter2\"}", "postgres://app:hunter2@db/app"];
    all.extend(encoded.map(|text| ("UserData", base64(text), base64(text))));
    all.push(("PLAIN", base64(&base64("postgres://app:hunter2@db/app")), "cG9zdGdyZXM".to_owned()));
    all.push(("ALERT_WEBHOOK_URL", format!("https://chat.example.com/hooks/{}", random(26)), random(26)));
    all
}

/// Name and value, which must be seen as they are.
fn seen() -> Vec<(&'static str, String)> {
    let all = [
        ("TOKEN_BUCKET_SIZE", "10"),
        ("PASSWORD_MIN_LENGTH", "12"),
        ("MIN_PASSWORD_LENGTH", "12"),
        ("SECRET_NAME", "prod/db"),
        ("SECRET_ID", "prod-db"),
        ("KEY_PREFIX", "cache:"),
        ("CACHE_KEY", "users:v2"),
        ("PARTITION_KEY", "tenantId"),
        ("SORT_KEY", "createdAt"),
        ("S3_KEY", "releases/app-1.4.0.zip"),
        ("KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("KMS_KEY", "alias/app"),
        ("KmsKeyId", "alias/aws/s3"),
        ("PUBLIC_KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_a7Kq2Zx9Lm4Rt8Vb3Nc6"),
        ("PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD_FILE", "/run/secrets/db_password"),
        ("DB_PASSWORD", "/storefront/production/db"),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf"),
        ("DB_PASSWORD", "{{resolve:secretsmanager:prod/db:SecretString:password}}"),
        ("DB_PASSWORD", "#{db_password}"),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "$DB_PASSWORD"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "****"),
        ("DB_PASSWORD_ARN", "arn:aws:ssm:eu-west-1:111111111111:parameter/db"),
        ("DB_SECRET_ARN", "db"),
        ("SECRETS_MANAGER_ENDPOINT", "https://secrets.example.com"),
        ("TOKEN_URL", "https://idp.example.com/oauth/token"),
        ("TOKEN_ENDPOINT", "https://idp.example.com/token"),
        ("TOKEN_TTL", "3600"),
        ("TOKEN_EXPIRY_SECONDS", "60"),
        ("ACCESS_TOKEN_LIFETIME", "15m"),
        ("MAX_TOKENS", "4096"),
        ("TOKENS_PER_MINUTE", "1000"),
        ("PASSWORD_POLICY", "strong"),
        ("PASSWORD_RESET_URL", "https://example.com/reset"),
        ("PASSWORD_HASHER", "argon2"),
        ("PASSWORD_ATTEMPTS", "3"),
        ("PASSWORD_ROTATION_DAYS", "90"),
        ("API_KEY_HEADER", "X-Api-Key"),
        ("API_KEY_REQUIRED", "true"),
        ("API_KEY_NAME", "default"),
        ("JWT_ALGORITHM", "RS256"),
        ("JWT_ISSUER", "https://idp.example.com/"),
        ("JWT_AUDIENCE", "storefront"),
        ("JWT_EXPIRES_IN", "1h"),
        ("AUTH", "oauth2"),
        ("AUTH_URL", "https://auth.example.com"),
        ("AUTH_MODE", "jwt"),
        ("SMTP_AUTH", "login"),
        ("BASIC_AUTH", "true"),
        ("BASIC_AUTH_ENABLED", "true"),
        ("ENABLE_AUTH", "false"),
        ("AUTHOR", "a person"),
        ("HttpTokens", "required"),
        ("COMPASS", "north"),
        ("BYPASS", "maintenance"),
        ("PASS_THROUGH", "on"),
        ("PASSENGER_COUNT", "4"),
        ("PWD", "/srv/app"),
        ("SECRETARY", "a person"),
        ("TOKENIZER", "bert-base"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("KEY", "value"),
        ("PRIMARY_KEY", "id"),
        ("ROUTING_KEY", "orders.created"),
        ("SSH_KEY_PATH", "/home/app/.ssh/id_rsa"),
        ("SSH_KEY_NAME", "deploy"),
        ("AWS_ACCESS_KEY_ID_PARAMETER", "/ci/key"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/var/run/google/key.json"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1"),
        ("CREDENTIALS_PROVIDER", "env"),
        ("SESSION_COOKIE", "sid"),
        ("COOKIE_DOMAIN", "example.com"),
        ("SALT_LENGTH", "16"),
        ("OTP_ISSUER", "Storefront"),
        ("PIN_VERSION", "12345"),
        ("IMAGE", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/token:1.4.0"),
        ("IMAGE", "example/secret@sha256:1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c"),
        ("PLAIN", "sha256:1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c"),
        ("GIT_SHA", "3f786850e387550fdab836ed7e6dc881de23001b"),
        ("PLAIN", "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="),
        ("REQUEST_ID", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("PLAIN", "arn:aws:iam::111111111111:role/token-service"),
        ("PLAIN", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf:password::"),
        ("PLAIN", "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"),
        ("PLAIN", "https://user@example.com/a:b"),
        ("PLAIN", "https://example.com:8080/a@b"),
        ("PLAIN", "postgres://app@db:5432/app"),
        ("PLAIN", "postgres://app:{{resolve:secretsmanager:db:SecretString:password}}@db/app"),
        ("PLAIN", "postgres://app:${Password}@db/app"),
        ("PLAIN", "jdbc:postgresql://db:5432/app?sslmode=require"),
        ("PLAIN", "redis://cache:6379/0"),
        ("PLAIN", "secretsmanager:GetSecretValue"),
        ("PLAIN", "sts:GetSessionToken"),
        ("PLAIN", "cognito-idp:AdminSetUserPassword"),
        ("PLAIN", "The password must have at least 12 characters"),
        ("PLAIN", "Bearer token"),
        ("PLAIN", "basic auth"),
        ("PLAIN", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZI\n-----END PUBLIC KEY-----"),
        ("PLAIN", "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n-----END CERTIFICATE-----"),
        ("PLAIN", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3q user@host"),
        ("PLAIN", "password = os.environ[\"DB_PASSWORD\"]"),
        ("PLAIN", "const token = process.env.TOKEN;"),
        ("PLAIN", "export DB_PASS=$(aws secretsmanager get-secret-value --secret-id db)"),
        ("PLAIN", "curl -f http://localhost:8080/health || exit 1"),
        ("PLAIN", "docker run -p 8080:80 app"),
        ("PLAIN", "--max-tokens 4096"),
        ("PLAIN", "--password-file /run/secrets/db"),
        ("PLAIN", "{\"username\":\"app\"}"),
        ("PLAIN", "{\"password_min_length\": 12}"),
        ("PLAIN", "a/b/c"),
        ("PLAIN", "subnet-0a0b0c0d0e0f1a2b3"),
        ("PLAIN", "sg-0123456789abcdef0"),
        ("PLAIN", "arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/storefront/0123456789abcdef"),
        ("PLAIN", "npm_config_loglevel"),
        ("PLAIN", "pypi-mirror-internal"),
        ("PLAIN", "sk-learn"),
        ("PLAIN", "s.example"),
        ("PLAIN", "SGML"),
        ("PLAIN", "AKIA"),
        ("PLAIN", "hf_home"),
        ("PLAIN", "2001:db8:85a3:8d3:1319:8a2e:370:7348"),
        ("PLAIN", "b3:bd4208371b9406e620dcf7b1716778f6f852d12f84788b58bb96d5cb47cde714"),
        ("PLAIN", "landfall/1 1.4.0"),
        ("GREETING", "Hello from production"),
        ("VAULT_ADDR", "https://vault.example.com:8200"),
        ("CLIENT_ID", "a7Kq2Zx9Lm4Rt8Vb3Nc6"),
        ("AUTH_USER", "app"),
        ("DB_USER", "app"),
        ("ACCESS_LOG", "true"),
        ("KEYSPACE", "orders"),
        ("MONKEY", "1"),
        ("PLAIN", "hooks.slack.com"),
        ("PLAIN", "token"),
        ("PLAIN", "password"),
        ("PLAIN", "ALLOW_USER_PASSWORD_AUTH"),
        ("HEADER", "X-Api-Key"),
        ("PLAIN", "prod/db/password"),
        ("SECRET_FROM", "ssm"),
    ];
    all.map(|(name, value)| (name, value.to_owned())).to_vec()
}

#[test]
fn secrets_are_hidden_by_their_names_and_forms() {
    let all = hidden();
    assert!(all.len() >= 100, "{}", all.len());
    let mut wrong = Vec::new();
    for (name, value, secret) in &all {
        let shown = hide_named(name, value);
        if shown.contains(secret.as_str()) || !shown.contains("(hidden)") {
            wrong.push(format!("{name}={value} shows {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_secret_is_shown_as_it_is() {
    let all = seen();
    assert!(all.len() >= 100, "{}", all.len());
    let mut wrong = Vec::new();
    for (name, value) in &all {
        let shown = hide_named(name, value);
        if shown != visible(value) {
            wrong.push(format!("{name}={value} shows {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn only_the_secret_part_of_a_text_is_hidden() {
    let cases = [
        ("URL", "postgres://app:hunter2@db:5432/app", "postgres://app:(hidden)@db:5432/app"),
        (
            "X",
            "jdbc:postgresql://db/x?user=u&password=hunter2&ssl=true",
            "jdbc:postgresql://db/x?user=u&password=(hidden)&ssl=true",
        ),
        ("X", "Server=db;Uid=u;Pwd=hunter2;Encrypt=yes", "Server=db;Uid=u;Pwd=(hidden);Encrypt=yes"),
        ("X", "run --password=hunter2 --fast", "run --password=(hidden) --fast"),
        ("X", "{\"user\":\"u\",\"password\":\"hunter2\"}", "{\"user\":\"u\",\"password\":\"(hidden)\"}"),
        ("AUTHORIZATION", "Bearer hunter2", "(hidden)"),
        (
            "X",
            "curl -H 'Authorization: Bearer hunter2hunter2' https://x",
            "curl -H 'Authorization: Bearer (hidden)' https://x",
        ),
        ("X", "https://hooks.slack.com/services/T0/B0/x9", "https://hooks.slack.com/services/(hidden)"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(hide_named(name, value), expected);
    }
    assert_eq!(hide_text("first\nDB_PASS=hunter2\nlast"), "first\nDB_PASS=(hidden)\nlast");
}

fn resources(value: Value) -> Document {
    Document::from_value(json!({ "Resources": value })).unwrap()
}

#[test]
fn documents_hide_what_names_and_functions_say() {
    let document = Document::from_value(json!({
        "Parameters": {
            "Quiet": { "Type": "String", "NoEcho": true, "Default": "secret-1" },
            "DbPassword": { "Type": "String", "Default": "secret-2", "AllowedValues": ["secret-2", "secret-3"] },
            "TokenLifetime": { "Type": "Number", "Default": 60 },
        },
        "Mappings": { "Passwords": { "eu": { "db": "secret-4" } }, "Sizes": { "eu": { "db": "small" } } },
        "Resources": {
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "ContainerDefinitions": [{
                "Name": "app",
                "Environment": [
                    { "Name": "DB_PASS", "Value": "secret-5" },
                    { "Name": "JOINED_PASSWORD", "Value": { "Fn::Join": ["-", ["secret-6", { "Ref": "AWS::Region" }]] } },
                    { "Name": "URL", "Value": { "Fn::Join": ["", ["postgres://app:", "secret-7", "@", { "Fn::GetAtt": ["Db", "Address"] }, "/app"]] } },
                    { "Name": "SUB", "Value": { "Fn::Sub": "amqp://app:secret-8@${Queue.Host}:5671" } },
                    { "Name": "SPLIT_SECRET", "Value": { "Fn::If": ["X", "secret-9", { "Ref": "DbPassword" }] } },
                ],
                "Secrets": [{ "Name": "DB_PASSWORD", "ValueFrom": "prod-db" }],
                "Command": ["serve", "--db-password", "secret-10", "--port", "8080"],
            }] } },
            "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": {
                "SecretString": { "Fn::Sub": "{\"user\":\"u\",\"password\":\"secret-11${AWS::Region}\"}" },
            } },
            "Generated": { "Type": "AWS::SecretsManager::Secret", "Properties": { "GenerateSecretString": {
                "SecretStringTemplate": "{\"username\":\"app\"}", "GenerateStringKey": "password", "PasswordLength": 32,
            } } },
            "Function": { "Type": "AWS::Lambda::Function", "Properties": {
                "Code": { "ZipFile": "API_KEY = 'secret-12'\ndef handler(event, context):\n    return 1" },
                "Environment": { "Variables": { "STRIPE_SECRET": "secret-13", "STAGE": "production" } },
            } },
            "Machine": { "Type": "AWS::EC2::Instance", "Properties": {
                "UserData": { "Fn::Base64": { "Fn::Sub": "#!/bin/sh\nexport DB_PASSWORD=secret-14\nrun ${AWS::Region}" } },
                "MetadataOptions": { "HttpTokens": "required" },
            } },
            "User": { "Type": "AWS::IAM::User", "Properties": { "LoginProfile": { "Password": "secret-15" } } },
            "DatabaseToken": { "Type": "AWS::SSM::Parameter", "Properties": { "Type": "String", "Value": "secret-16" } },
            "Named": { "Type": "AWS::SSM::Parameter", "Properties": { "Name": "/app/db/password", "Type": "String", "Value": "secret-17" } },
            "Key": { "Type": "AWS::ApiGateway::ApiKey", "Properties": { "Value": "secret-18-for-clients" } },
            "Rule": { "Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": { "Conditions": [{
                "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "X-Origin-Secret", "Values": ["secret-19"] },
            }] } },
            "Db": { "Type": "AWS::RDS::DBInstance", "Properties": {
                "MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}", "MasterUsername": "app", "KmsKeyId": "alias/db",
            } },
            "Cdk": { "Type": "AWS::RDS::DBInstance", "Properties": { "MasterUserPassword": {
                "Fn::Join": ["", ["{{resolve:secretsmanager:", { "Ref": "Secret" }, ":SecretString:password::}}"]],
            } } },
            "Numbered": { "Type": "AWS::X::Y", "Properties": { "Password": 4711 } },
        },
        "Outputs": { "Password": { "Value": "secret-20" }, "Address": { "Value": "db.example.com" } },
    }))
    .unwrap();
    let shown = hide(&document).yaml();
    for number in 1..=20 {
        let secret = format!("secret-{number}");
        let found = shown
            .match_indices(&secret)
            .any(|(at, _)| !shown[at + secret.len()..].starts_with(|c: char| c.is_ascii_digit()));
        assert!(!found, "{secret} is shown:\n{shown}");
    }
    assert!(!shown.contains("4711"), "{shown}");
    let visible = [
        "Default: 60",
        "db: small",
        "ValueFrom: prod-db",
        "username",
        "GenerateStringKey: password",
        "PasswordLength: 32",
        "STAGE: production",
        "HttpTokens: required",
        "{{resolve:secretsmanager:db:SecretString:password}}",
        "KmsKeyId: alias/db",
        "- \"{{resolve:secretsmanager:\"",
        "Value: db.example.com",
        "\"--port\"",
        "8080",
        "postgres://app:",
        "def handler(event, context)",
        "Field: http-header",
    ];
    for text in visible {
        assert!(shown.contains(text), "{text} is not shown:\n{shown}");
    }
}

#[test]
fn a_change_is_seen_and_nothing_else_of_it() {
    let pair = |before: Option<&str>, after: Option<&str>| {
        let (before, after) = Shown::pair("DB_PASS", before, after);
        [before, after].map(|shown| shown.map_or(String::new(), |shown| shown.text))
    };
    assert_eq!(pair(Some("hunter2"), Some("hunter3")), ["(hidden)", "(hidden, changed)"]);
    assert_eq!(pair(Some("hunter2"), Some("hunter2")), ["(hidden)", "(hidden)"]);
    assert_eq!(pair(None, Some("hunter2")), ["", "(hidden)"]);
    assert_eq!(pair(Some("hunter2"), Some("{{resolve:ssm:/db}}")), ["(hidden)", "{{resolve:ssm:/db}}"]);
    assert_eq!(pair(Some("{{resolve:ssm:/db}}"), Some("hunter2")), ["{{resolve:ssm:/db}}", "(hidden)"]);
    let (before, after) = Shown::pair("URL", Some("pg://a:one@db1/x"), Some("pg://a:two@db2/x"));
    assert_eq!(
        [before.unwrap().text, after.unwrap().text],
        ["pg://a:(hidden)@db1/x", "pg://a:(hidden, changed)@db2/x"]
    );
    let (_, after) = Shown::pair("URL", Some("pg://a:one@db1/x"), Some("pg://a:one@db2/x"));
    assert_eq!(after.unwrap().text, "pg://a:(hidden)@db2/x");
}

#[test]
fn unseen_characters_are_written_out() {
    let cases = [
        ("a\u{200b}b", "a\\u{200b}b"),
        ("a\u{202e}b", "a\\u{202e}b"),
        ("a\u{e0041}b", "a\\u{e0041}b"),
        ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("a\u{feff}\u{2028}\u{ad}", "a\\u{feff}\\u{2028}\\u{ad}"),
        ("Grüße, 世界 – ok", "Grüße, 世界 – ok"),
    ];
    for (text, expected) in cases {
        assert_eq!(visible(text), expected);
        assert_eq!(hide_named("X", text), expected);
    }
}

#[test]
fn odd_texts_do_not_panic_and_hide_no_less() {
    let odd = [
        "",
        "=",
        "'",
        "\\\"",
        "é=ü",
        "password",
        "password=",
        "password=é\u{200b}",
        "://",
        "://@",
        "a:@",
        "eyJ",
        "\u{fdd0}1\u{fdd1}",
        "\u{fffc}",
        "{{",
        "${",
        "${x",
        "%",
        "%é",
        "%zz",
        "<",
        "-----BEGIN ",
        "mysql -p",
        "curl -u",
        "\"password\":\"",
        "[",
        "{\"a\":",
    ];
    for first in odd {
        for second in odd {
            let text = format!("{first}{second}");
            let shown = hide_text(&text);
            assert!(!shown.contains(['\u{fdd0}', '\u{fdd1}']), "{text}");
            let planted = format!("{text}\npassword=hunter2\n{text}");
            assert!(!hide_text(&planted).contains("hunter2"), "{planted} shows {}", hide_text(&planted));
        }
    }
    let deep = (0..40).fold("password=hunter2".to_owned(), |text, _| {
        serde_json::to_string(&json!({ "a": text })).unwrap().chars().take(20_000).collect()
    });
    let _ = hide_text(&deep);
    let document = resources(json!({ "R": { "Type": "T", "Properties": { "ghp_a7Kq2Zx9Lm4Rt8Vb3Nc6": 1 } } }));
    assert!(!hide(&document).yaml().contains("ghp_"));
}
